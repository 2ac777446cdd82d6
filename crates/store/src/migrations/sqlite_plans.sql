-- What SQLite's planner should take for granted. It has no statistics of its own until somebody runs `analyze`, and
-- then assumes that `tenant_id = ?` finds ten rows, when it finds all of them: it would look for one serial by going
-- through the tenant. These numbers are those of a school district; only their sizes against each other matter.
-- Columns: rows of the index, then rows for each value of its first column, of its first two, and so on.
analyze migration;
delete from sqlite_stat1;
insert into sqlite_stat1 (tbl, idx, stat) values
    ('device', 'sqlite_autoindex_device_1', '100000 100000 20000 1'),
    ('device', 'device_id', '100000 100000 20000 1'),
    ('device', 'device_of_tenant', '100000 100000 1'),
    ('device', 'device_serial_fold', '100000 100000 1'),
    ('device', 'device_wanted', '50000 50000 500'),
    ('device', 'device_retry', '1000 1000 200 2'),
    ('managed_device', 'sqlite_autoindex_managed_device_1', '100000 100000 1'),
    ('managed_device', 'managed_device_serial', '100000 100000 1'),
    ('managed_device', 'managed_device_udid', '100000 100000 1'),
    ('managed_device', 'managed_device_fingerprint', '100000 1'),
    ('managed_device', 'managed_device_next', '1000 1'),
    ('managed_device', 'managed_device_pending', '1000 1'),
    ('managed_device', 'managed_device_not_after', '100000 1'),
    ('command', 'sqlite_autoindex_command_1', '10000 10000 2 1'),
    ('command', 'command_expires', '10000 2'),
    ('command_history', 'command_history_device', '1000000 1000000 50 1'),
    ('setup_plan', 'sqlite_autoindex_setup_plan_1', '100000 100000 1'),
    ('setup_plan', 'setup_plan_due', '1000 2'),
    ('wake', 'sqlite_autoindex_wake_1', '100000 100000 1'),
    ('wake', 'wake_due', '100000 2'),
    ('challenge', 'sqlite_autoindex_challenge_1', '1000 1000 1'),
    ('challenge', 'challenge_hash', '1000 1'),
    ('issued_identity', 'sqlite_autoindex_issued_identity_1', '100000 100000 1'),
    ('issued_identity', 'issued_identity_device', '100000 100000 2'),
    ('profile', 'sqlite_autoindex_profile_1', '1000 1000 50 1'),
    ('sync_seen', 'sync_seen_pass', '200 200 100 100'),
    ('sync_run', 'sqlite_autoindex_sync_run_1', '10000 10000 500 1'),
    ('sync_run', 'sync_run_started', '10000 10000 500 1');
analyze sqlite_schema;
