-- What an open full pass has listed without writing it, a page a row, so that at its end the rest can be told.

create table sync_seen (
    n bigint primary key generated always as identity,
    tenant_id text collate "C" not null,
    token_id text collate "C" not null,
    pass bigint not null,
    serials text collate "C" not null
);
create index sync_seen_pass on sync_seen (tenant_id, token_id, pass);
