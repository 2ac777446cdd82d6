-- The last trouble of each kind of work, and when it was over: one row for what the work is done for (a token, the push
-- certificate, a device that cannot be woken). What nobody met for long is forgotten.

create table trouble (
    tenant_id text collate "C" not null,
    kind text collate "C" not null,
    subject text collate "C" not null,
    since bigint not null,
    last_at bigint not null,
    times bigint not null,
    words text collate "C" not null,
    ended_at bigint,
    primary key (tenant_id, kind, subject)
);
