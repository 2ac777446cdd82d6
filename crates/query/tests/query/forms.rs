//! Each form of `$filter` that clients have been seen to send, and which rows it finds.

use crate::rows::found;

#[test]
fn every_comparison_finds_its_rows() {
    for (filter, expected) in [
        ("freeBytes eq 64", "1"),
        ("freeBytes ne 64", "23"),
        ("freeBytes gt -5", "1"),
        ("freeBytes lt 64", "3"),
        ("freeBytes ge -5", "13"),
        ("freeBytes le 64", "13"),
        ("64 gt freeBytes", "3"),
        ("ratio gt 1.4", "1"),
        ("ratio lt 0", "3"),
        ("ratio eq 15e-1", "1"),
        ("isSupervised eq true", "1"),
        ("isSupervised eq false", "3"),
        ("isSupervised ne true", "23"),
        ("isSupervised", "1"),
        ("not isSupervised", "3"),
        ("isSupervised eq 'True'", "1"),
        ("1 eq 1", "123"),
        ("true", "123"),
        ("false or 'a' ne 'a'", ""),
        ("freeBytes EQ 64 OR FREEBYTES Eq -5", "13"),
    ] {
        assert_eq!(found(filter), expected, "{filter}");
    }
}

#[test]
fn text_compares_without_case_unless_it_is_exact() {
    for (filter, expected) in [
        ("deviceName eq 'O''Brien''s iPad'", "1"),
        ("DEVICENAME eq 'o''brien''s IPAD'", "1"),
        ("deviceName eq 'äpfel 100%_X'", "3"),
        ("serialNumber eq 'C02XYZ'", "1"),
        ("tolower(serialNumber) eq 'c02xyz'", "13"),
        ("toupper(serialNumber) eq toupper('c02xyz')", "13"),
        ("serialNumber eq toupper('c02xyz')", "1"),
        ("deviceName gt 'p'", "3"),
        ("length(deviceName) eq 14", "1"),
        ("length(serialNumber) ge 6", "13"),
        ("length(deviceName) ne 14", "23"),
        ("contains(deviceName,'IPAD')", "1"),
        ("contains(deviceName, '''')", "1"),
        ("contains(deviceName, '%_')", "3"),
        ("contains(serialNumber, 'xyz')", "3"),
        ("contains(tolower(serialNumber), 'xyz')", "13"),
        ("substringof('ipad', deviceName)", "1"),
        ("startswith(deviceName,'ä')", "3"),
        ("startsWith(deviceName,'o''b')", "1"),
        ("STARTSWITH(serialNumber,'c')", "3"),
        ("endsWith(deviceName,'PAD')", "1"),
        ("endswith(serialNumber,'Z')", "1"),
        ("contains(deviceName,'')", "13"),
        ("contains(deviceName,'pad') eq true", "1"),
        ("contains(deviceName,'pad') eq false", "3"),
        ("contains(deviceName,'pad') ne true", "23"),
        ("not contains(deviceName,'pad')", "3"),
        ("not (contains(deviceName,'pad') eq true)", "23"),
    ] {
        assert_eq!(found(filter), expected, "{filter}");
    }
}

#[test]
fn null_equals_null_and_has_no_order() {
    for (filter, expected) in [
        ("deviceName eq null", "2"),
        ("null eq deviceName", "2"),
        ("deviceName ne null", "13"),
        ("freeBytes gt null", ""),
        ("not (freeBytes gt 0)", "23"),
        ("not (deviceName eq 'x')", "123"),
        ("templateReference eq null", "2"),
        ("assignments eq null", "2"),
        ("platform in ('ios', null)", "12"),
        ("deviceName in ()", ""),
        ("not (deviceName in ('x'))", "123"),
        ("deviceName eq serialNumber", "2"),
        ("deviceName ne serialNumber", "13"),
        ("length(deviceName) eq null", "2"),
    ] {
        assert_eq!(found(filter), expected, "{filter}");
    }
}

#[test]
fn enums_guids_and_dates_are_read_in_every_spelling() {
    for (filter, expected) in [
        ("discoverySource eq 'AdminImport'", "1"),
        ("discoverySource eq 'deviceEnrollmentProgram'", "3"),
        ("platform eq microsoft.graph.platform'IOS'", "1"),
        ("platform has 'ios'", "1"),
        ("platform in ('ios','MACOS')", "13"),
        ("technologies has 'mdm'", "1"),
        ("technologies has 'mdm,appleRemoteManagement'", "1"),
        ("technologies has microsoft.graph.deviceManagementConfigurationTechnologies'enrollment'", "3"),
        ("technologies eq 'appleRemoteManagement,mdm'", "1"),
        ("not (technologies has 'mdm')", "3"),
        ("id eq 11111111-aaaa-4bbb-8ccc-000000000001", "1"),
        ("id eq '11111111-AAAA-4BBB-8CCC-000000000001'", "1"),
        ("id eq guid'11111111-aaaa-4bbb-8ccc-000000000001'", "1"),
        ("requestedEnrollmentProfileId eq '22222222-aaaa-4bbb-8ccc-000000000009'", "1"),
        ("requestedEnrollmentProfileId eq 22222222-AAAA-4bbb-8ccc-000000000009", "1"),
        ("requestedEnrollmentProfileId eq ''", "3"),
        ("enrolledDateTime ge 2026-01-31", "1"),
        ("enrolledDateTime eq 2026-01-31T12:00:00Z", "1"),
        ("enrolledDateTime eq 2026-01-31T14:00:00.000+02:00", "1"),
        ("enrolledDateTime eq 2026-01-31T14:00:00 02:00", "1"),
        ("enrolledDateTime eq '2026-01-31T12:00:00'", "1"),
        ("enrolledDateTime eq datetime'2026-01-31T12:00:00'", "1"),
        ("enrolledDateTime le 0001-01-01T00:00:00Z", "3"),
        ("enrolledDateTime lt 9999-12-31T23:59:59.9999999Z", "13"),
    ] {
        assert_eq!(found(filter), expected, "{filter}");
    }
}

#[test]
fn paths_lambdas_and_casts_reach_into_rows() {
    for (filter, expected) in [
        ("TemplateReference/templateId eq '27d20e9c_1'", "1"),
        ("templateReference/templateFamily eq null", "23"),
        ("$it/deviceName eq null", "2"),
        ("roleScopeTagIds/any(t: t eq '7')", "1"),
        ("roleScopeTagIds/any(t:t in ('7','8'))", "1"),
        ("roleScopeTagIds/any()", "1"),
        ("not roleScopeTagIds/any()", "23"),
        ("roleScopeTagIds/all(t: t eq '7')", "23"),
        ("roleScopeTagIds/$count gt 1", "1"),
        ("assignments/any(a: a/intent eq 'APPLY')", "13"),
        ("assignments/all(a: a/intent eq 'apply')", "23"),
        ("assignments/any(a: a/target/groupId eq '33333333-aaaa-4bbb-8ccc-00000000000a')", "1"),
        ("assignments/Any(a: a/intent eq 'apply' and platform eq 'macOS')", "3"),
        ("assignments/any(a: roleScopeTagIds/any(t: t eq '0' and a/id eq 'a2'))", "1"),
        ("isof('microsoft.graph.iosVppApp')", "3"),
        ("isof(microsoft.graph.managedApp)", "1"),
        ("isOf('#microsoft.graph.iosVppApp') or isSupervised", "13"),
        ("(microsoft.graph.managedApp/appAvailability) eq null", "23"),
        ("microsoft.graph.managedApp/appAvailability eq 'Global'", "1"),
        (
            "(isof('microsoft.graph.iosVppApp') or isof('microsoft.graph.managedApp')) and \
             ((microsoft.graph.managedApp/appAvailability) eq null or \
             (microsoft.graph.managedApp/appAvailability) eq 'lineOfBusiness')",
            "3",
        ),
    ] {
        assert_eq!(found(filter), expected, "{filter}");
    }
}

#[test]
fn and_binds_closer_than_or_and_not_looser_than_a_comparison() {
    for (filter, expected) in [
        ("freeBytes eq 64 or freeBytes eq -5 and isSupervised", "1"),
        ("(freeBytes eq 64 or freeBytes eq -5) and isSupervised", "1"),
        ("isSupervised and freeBytes eq 1 or freeBytes eq -5", "3"),
        ("not freeBytes eq 64", "23"),
        ("not (freeBytes eq 64 or freeBytes eq -5)", "2"),
        ("not not isSupervised", "1"),
        ("not isSupervised and freeBytes eq -5", "3"),
        (
            "discoverySource eq 'AdminImport' and \
             requestedEnrollmentProfileId eq '22222222-aaaa-4bbb-8ccc-000000000009'",
            "1",
        ),
    ] {
        assert_eq!(found(filter), expected, "{filter}");
    }
}
