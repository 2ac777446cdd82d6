-- What an organisation has at Apple: tenants, tokens, their sync, profiles. And what the server keeps for itself.
--
-- Written in PostgreSQL's words; migrate.rs turns them into SQLite's. Rules: the tenant comes first in every key;
-- times are microseconds since 1970; *_fold columns hold text without its case, folded in Rust; nested data is JSON
-- text that no statement looks into, so what a query needs has a column beside it.

create table tenant (
    id text collate "C" not null primary key,
    organization text collate "C" not null,
    apple text collate "C" not null,
    created_at bigint not null,
    version bigint not null
);

create table token (
    tenant_id text collate "C" not null,
    id text collate "C" not null,
    version bigint not null,
    name text collate "C" not null,
    name_fold text collate "C" not null,
    apple_id text collate "C",
    apple_id_fold text collate "C" not null,
    consent text collate "C",
    scope_tags text collate "C" not null,
    share_with_school boolean not null,
    key_pair text collate "C",
    pending_key text collate "C",
    server text collate "C",
    consumer_key text collate "C",
    server_uuid text collate "C",
    token_type text collate "C" not null,
    expires_at bigint,
    standing text collate "C" not null,
    default_ios text collate "C",
    default_macos text collate "C",
    default_tvos text collate "C",
    default_visionos text collate "C",
    created_at bigint not null,
    modified_at bigint not null,
    deleted_at bigint,
    primary key (tenant_id, id)
);
create index token_consumer_key on token (tenant_id, consumer_key) where consumer_key is not null;
create index token_server_uuid on token (tenant_id, server_uuid) where server_uuid is not null;

create table sync_state (
    tenant_id text collate "C" not null,
    token_id text collate "C" not null,
    version bigint not null,
    cursor_json text collate "C",
    pass bigint not null,
    pass_open boolean not null,
    needs_full text collate "C",
    last_full_at bigint,
    last_manual_at bigint,
    last_triggered_at bigint,
    last_success_at bigint,
    last_error text collate "C",
    last_error_code bigint not null,
    next_due bigint not null,
    run_id text collate "C",
    primary key (tenant_id, token_id)
);
create index sync_state_due on sync_state (next_due);

create table sync_run (
    tenant_id text collate "C" not null,
    token_id text collate "C" not null,
    id text collate "C" not null,
    kind text collate "C" not null,
    started_by text collate "C" not null,
    phase text collate "C" not null,
    state text collate "C" not null,
    started_at bigint not null,
    deadline bigint not null,
    finished_at bigint,
    pages bigint not null,
    counts text collate "C" not null,
    primary key (tenant_id, token_id, id)
);
create index sync_run_started on sync_run (tenant_id, token_id, started_at);

create table profile (
    tenant_id text collate "C" not null,
    token_id text collate "C" not null,
    id text collate "C" not null,
    version bigint not null,
    platform text collate "C" not null,
    settings text collate "C" not null,
    display_name text collate "C" not null,
    display_name_fold text collate "C" not null,
    description text collate "C" not null,
    description_fold text collate "C" not null,
    requires_user_authentication boolean not null,
    supervised boolean not null,
    shared_ipad boolean not null,
    content_hash text collate "C" not null,
    current_uuid text collate "C",
    created_at bigint not null,
    modified_at bigint not null,
    primary key (tenant_id, token_id, id)
);

-- Profiles as Apple knows them; kept when the profile goes, so that a UUID on a device can still be explained.
create table defined_profile (
    tenant_id text collate "C" not null,
    profile_uuid text collate "C" not null,
    token_id text collate "C" not null,
    profile_id text collate "C" not null,
    content_hash text collate "C" not null,
    defined_at bigint not null,
    primary key (tenant_id, profile_uuid)
);
create index defined_profile_content on defined_profile (tenant_id, token_id, profile_id, content_hash);

create table profile_refusal (
    tenant_id text collate "C" not null,
    profile_id text collate "C" not null,
    refusal text collate "C" not null,
    primary key (tenant_id, profile_id)
);

-- The hash of the secret in a profile's enrolment URL. The tenant is not known before the hash is found.
create table profile_url (
    tenant_id text collate "C" not null,
    token_id text collate "C" not null,
    profile_id text collate "C" not null,
    secret_hash text collate "C" not null,
    primary key (tenant_id, token_id, profile_id)
);
create index profile_url_hash on profile_url (secret_hash);

create table secret (
    tenant_id text collate "C" not null,
    kind text collate "C" not null,
    owner text collate "C" not null,
    sealed bytea not null,
    primary key (tenant_id, kind, owner)
);

-- A known text, sealed, so that a program with the wrong key stops at its start and not at the first secret.
create table seal_check (
    name text collate "C" not null primary key,
    sealed bytea not null
);

create table application (
    tenant_id text collate "C" not null,
    id text collate "C" not null,
    name text collate "C" not null,
    secret_hash text collate "C" not null,
    created_at bigint not null,
    roles text collate "C" not null,
    primary key (tenant_id, id)
);
create index application_id on application (id);

create table lease (
    name text collate "C" not null primary key,
    holder text collate "C" not null,
    expires_at bigint not null
);
