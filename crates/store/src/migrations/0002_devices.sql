-- Serials that Apple says are ours, one row a token and serial.

create table device (
    tenant_id text collate "C" not null,
    token_id text collate "C" not null,
    serial text collate "C" not null,
    id text collate "C" not null,
    version bigint not null,
    apple text collate "C" not null,
    family text collate "C" not null,
    platform text collate "C" not null,
    model_fold text collate "C" not null,
    profile_status text collate "C" not null,
    profile_uuid text collate "C",
    present boolean not null,
    gone_at bigint,
    deleted_at bigint,
    seen_pass bigint not null,
    source text collate "C" not null,
    description text collate "C",
    description_fold text collate "C",
    wanted_profile text collate "C",
    wanted_at bigint,
    assigned_uuid text collate "C",
    outcome text collate "C",
    outcome_word text collate "C" not null,
    attempted_at bigint,
    failures bigint not null,
    retry_at bigint not null,
    enrollment_state text collate "C" not null,
    managed_device text collate "C",
    enrolled_profile text collate "C",
    enrolled_at bigint,
    last_contact bigint,
    converted_at bigint,
    created_at bigint not null,
    primary key (tenant_id, token_id, serial)
) with (fillfactor = 70);
create unique index device_id on device (tenant_id, token_id, id);
create index device_of_tenant on device (tenant_id, id);
create index device_serial on device (tenant_id, serial);
create index device_serial_fold on device (tenant_id, lower(serial));
create index device_wanted on device (tenant_id, wanted_profile) where wanted_profile is not null;
create index device_created on device (tenant_id, token_id, created_at);
create index device_retry on device (tenant_id, token_id, retry_at) where retry_at > 0;
