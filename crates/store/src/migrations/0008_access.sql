-- Who may do what, to which objects, and what was done: groups, roles, scope tags, the audit log.

create table directory_group (
    tenant_id text collate "C" not null,
    id text collate "C" not null,
    version bigint not null,
    name text collate "C" not null,
    name_fold text collate "C" not null,
    description text collate "C",
    mail_nickname text collate "C" not null,
    created_at bigint not null,
    primary key (tenant_id, id)
);

create table group_member (
    tenant_id text collate "C" not null,
    group_id text collate "C" not null,
    kind text collate "C" not null,
    member_id text collate "C" not null,
    primary key (tenant_id, group_id, kind, member_id)
);
create index group_member_of on group_member (tenant_id, kind, member_id);

create table role_definition (
    tenant_id text collate "C" not null,
    id text collate "C" not null,
    version bigint not null,
    name text collate "C" not null,
    description text collate "C" not null,
    allowed text collate "C" not null,
    scope_tags text collate "C" not null,
    primary key (tenant_id, id)
);

create table role_assignment (
    tenant_id text collate "C" not null,
    id text collate "C" not null,
    version bigint not null,
    name text collate "C" not null,
    description text collate "C" not null,
    role_id text collate "C" not null,
    members text collate "C" not null,
    scope_type text collate "C" not null,
    resource_scopes text collate "C" not null,
    scope_tags text collate "C" not null,
    primary key (tenant_id, id)
);
create index role_assignment_role on role_assignment (tenant_id, role_id);

create table scope_tag (
    tenant_id text collate "C" not null,
    id text collate "C" not null,
    version bigint not null,
    name text collate "C" not null,
    description text collate "C" not null,
    groups text collate "C" not null,
    primary key (tenant_id, id)
);

-- Only ever appended to. Each row holds the hash of the one before it.
create table audit_event (
    tenant_id text collate "C" not null,
    sequence bigint not null,
    id text collate "C" not null,
    at bigint not null,
    category text collate "C" not null,
    activity text collate "C" not null,
    activity_fold text collate "C" not null,
    operation text collate "C" not null,
    outcome text collate "C" not null,
    words text collate "C",
    actor text collate "C" not null,
    actor_name_fold text collate "C" not null,
    resources text collate "C" not null,
    correlation_id text collate "C",
    previous text collate "C" not null,
    hash text collate "C" not null,
    primary key (tenant_id, sequence)
);
create unique index audit_event_id on audit_event (tenant_id, id);

-- Where each log begins, after what retention took, and where it ends.
create table audit_log (
    tenant_id text collate "C" not null primary key,
    first_sequence bigint not null,
    first_previous text collate "C" not null,
    last_sequence bigint not null,
    last_hash text collate "C" not null
);
