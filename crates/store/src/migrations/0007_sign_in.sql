-- Who may sign in. Of what lets somebody in there are hashes here, certificates, and names of rows in the sealed table.

-- Tokens were signed with one key that was not told to anybody; what it signed was over within the hour.
delete from secret where kind = 'signing-key';

-- Keys that sign tokens, of the whole server. The private part is a secret.
create table signing_key (
    tenant_id text collate "C" not null,
    id text collate "C" not null,
    created_at bigint not null,
    retired_at bigint,
    primary key (tenant_id, id)
);

alter table application add column is_public boolean not null default false;

-- What applications prove themselves with: secrets, each held as a hash, and certificates.
create table application_credential (
    tenant_id text collate "C" not null,
    application_id text collate "C" not null,
    id text collate "C" not null,
    kind text collate "C" not null,
    display_name text collate "C" not null,
    hint text collate "C" not null,
    value text collate "C" not null,
    starts_at bigint not null,
    ends_at bigint,
    primary key (tenant_id, application_id, id)
);
insert into application_credential
    (tenant_id, application_id, id, kind, display_name, hint, value, starts_at, ends_at)
    select tenant_id, id, id, 'secret', 'first secret', '', secret_hash, created_at, null from application;
alter table application drop column secret_hash;

-- Assertions that were used, until their time is over.
create table used_assertion (
    tenant_id text collate "C" not null,
    application_id text collate "C" not null,
    hash text collate "C" not null,
    expires_at bigint not null,
    primary key (tenant_id, application_id, hash)
);

-- People who sign in: Graph's users. What they prove themselves with is beside them; its secrets are sealed.
create table directory_user (
    tenant_id text collate "C" not null,
    id text collate "C" not null,
    version bigint not null,
    user_principal_name text collate "C" not null,
    user_principal_name_fold text collate "C" not null,
    display_name text collate "C" not null,
    mail text collate "C",
    account_enabled boolean not null,
    roles text collate "C" not null,
    sessions_valid_from bigint not null,
    created_at bigint not null,
    primary key (tenant_id, id)
);
create unique index directory_user_name on directory_user (tenant_id, user_principal_name_fold);

create table authentication_methods (
    tenant_id text collate "C" not null,
    user_id text collate "C" not null,
    version bigint not null,
    password_at bigint,
    totp_at bigint,
    totp_last_step bigint not null,
    recovery text collate "C" not null,
    external text collate "C",
    primary key (tenant_id, user_id)
);

-- Links that let somebody set up an account. The tenant is known by the URL.
create table invitation (
    tenant_id text collate "C" not null,
    hash text collate "C" not null,
    user_id text collate "C",
    created_at bigint not null,
    primary key (tenant_id, hash)
);

-- Sessions in browsers. The tenant is not known before the hash is found.
create table session (
    tenant_id text collate "C" not null,
    hash text collate "C" not null,
    user_id text collate "C" not null,
    stage text collate "C" not null,
    created_at bigint not null,
    seen_at bigint not null,
    source text collate "C" not null,
    agent text collate "C" not null,
    primary key (tenant_id, hash)
);
create unique index session_hash on session (hash);
create index session_of_user on session (tenant_id, user_id);

create table device_code (
    tenant_id text collate "C" not null,
    hash text collate "C" not null,
    version bigint not null,
    user_code_hash text collate "C" not null,
    application_id text collate "C" not null,
    scope text collate "C" not null,
    answer text collate "C" not null,
    created_at bigint not null,
    polled_at bigint,
    interval_seconds bigint not null,
    primary key (tenant_id, hash)
);
create index device_code_user_code on device_code (tenant_id, user_code_hash);

create table refresh_token (
    tenant_id text collate "C" not null,
    hash text collate "C" not null,
    family text collate "C" not null,
    application_id text collate "C" not null,
    user_id text collate "C" not null,
    scope text collate "C" not null,
    family_at bigint not null,
    created_at bigint not null,
    used_at bigint,
    primary key (tenant_id, hash)
);
create index refresh_token_family on refresh_token (tenant_id, family);
