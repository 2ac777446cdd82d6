-- Enrolled devices: their life, commands, setup, identities, and how they are woken.

create table managed_device (
    tenant_id text collate "C" not null,
    id text collate "C" not null,
    version bigint not null,
    serial text collate "C" not null,
    udid text collate "C" not null,
    device_id text collate "C" not null,
    token_id text collate "C" not null,
    profile_id text collate "C" not null,
    profile_name text collate "C" not null,
    profile_name_fold text collate "C" not null,
    platform text collate "C" not null,
    stage text collate "C" not null,
    enrolment bigint not null,
    fingerprint text collate "C",
    not_after bigint,
    next_fingerprint text collate "C",
    next_not_after bigint,
    pending text collate "C",
    pending_fingerprint text collate "C",
    rival text collate "C",
    info text collate "C" not null,
    device_name text collate "C",
    device_name_fold text collate "C",
    operating_system text collate "C" not null,
    os_version text collate "C",
    model_fold text collate "C",
    imei text collate "C",
    supervised boolean,
    encrypted boolean,
    total_storage bigint,
    free_storage bigint,
    push text collate "C",
    awaiting_configuration boolean not null,
    name_override text collate "C",
    served_at bigint not null,
    enrolled_at bigint,
    last_seen bigint,
    primary key (tenant_id, id)
) with (fillfactor = 70);
create unique index managed_device_serial on managed_device (tenant_id, serial);
create index managed_device_udid on managed_device (tenant_id, udid);
create index managed_device_fingerprint on managed_device (fingerprint) where fingerprint is not null;
create index managed_device_next on managed_device (next_fingerprint) where next_fingerprint is not null;
create index managed_device_pending on managed_device (pending_fingerprint) where pending_fingerprint is not null;
create index managed_device_not_after on managed_device (not_after) where not_after is not null;

-- Small and hot: only what is pending. The body is sealed, since a command may carry a secret.
create table command (
    tenant_id text collate "C" not null,
    device_id text collate "C" not null,
    id text collate "C" not null,
    enrolment bigint not null,
    request_type text collate "C" not null,
    sealed bytea not null,
    purpose text collate "C" not null,
    state text collate "C" not null,
    seq bigint not null,
    queued_at bigint not null,
    sent_at bigint,
    expires_at bigint not null,
    primary key (tenant_id, device_id, id)
) with (fillfactor = 70);
create index command_expires on command (expires_at);

-- Appended to, never written again.
create table command_history (
    n bigint primary key generated always as identity,
    tenant_id text collate "C" not null,
    device_id text collate "C" not null,
    id text collate "C" not null,
    request_type text collate "C" not null,
    purpose text collate "C" not null,
    outcome text collate "C" not null,
    queued_at bigint not null,
    finished_at bigint not null
);
create index command_history_device on command_history (tenant_id, device_id, n);

create table setup_plan (
    tenant_id text collate "C" not null,
    device_id text collate "C" not null,
    enrolment bigint not null,
    version bigint not null,
    started_at bigint not null,
    deadline bigint not null,
    steps text collate "C" not null,
    state text collate "C" not null,
    state_word text collate "C" not null,
    because text collate "C" not null,
    active boolean not null,
    due_at bigint not null,
    primary key (tenant_id, device_id)
) with (fillfactor = 70);
create index setup_plan_due on setup_plan (due_at) where active;

create table wake (
    tenant_id text collate "C" not null,
    device_id text collate "C" not null,
    due bigint not null,
    attempts bigint not null,
    primary key (tenant_id, device_id)
) with (fillfactor = 70);
create index wake_due on wake (due);

create table push_certificate (
    tenant_id text collate "C" not null primary key,
    version bigint not null,
    issued text collate "C",
    pending_key text collate "C",
    apple_id text collate "C",
    modified_at bigint not null,
    last_refusal text collate "C"
);

create table challenge (
    tenant_id text collate "C" not null,
    hash text collate "C" not null,
    device_id text collate "C" not null,
    enrolment bigint not null,
    expires_at bigint not null,
    used_at bigint,
    used_by text collate "C",
    certificate bytea,
    primary key (tenant_id, hash)
);
create index challenge_hash on challenge (hash);
create index challenge_expires on challenge (expires_at);

create table ca (
    tenant_id text collate "C" not null primary key,
    certificate bytea not null
);

create table issued_identity (
    tenant_id text collate "C" not null,
    fingerprint text collate "C" not null,
    device_id text collate "C" not null,
    serial_number text collate "C" not null,
    not_after bigint not null,
    certificate bytea not null,
    primary key (tenant_id, fingerprint)
);
create index issued_identity_device on issued_identity (tenant_id, device_id);
