use super::*;

#[test]
fn times_are_read_leniently() {
    let new_year = 1_704_067_200_000_000;
    for (text, micros) in [
        ("2024-01-01T00:00:00Z", Some(new_year)),
        ("2024-01-01T00:00:00.5Z", Some(new_year + 500_000)),
        ("2024-01-01T01:00:00+01:00", Some(new_year)),
        ("2024-01-01T00:00:00", Some(new_year)),
        ("2024-01-01 00:00:00", Some(new_year)),
        ("2024-01-01", Some(new_year)),
        (" 2024-01-01T00:00:00Z ", Some(new_year)),
        ("0001-01-01T00:00:00Z", None),
        ("1970-01-01T00:00:00Z", None),
        ("", None),
        ("soon", None),
    ] {
        assert_eq!(parse_time(text), micros, "{text}");
    }
}

#[test]
fn a_page_survives_odd_devices() {
    let body = r#"{"cursor":"MTY1","devices":[
        {"serial_number":"A","op_type":"ADDED","op_date":"","profile_status":"Empty","profile_uuid":"","new_key":{"x":1}},
        {"serial_number":"B","op_type":"moved","os":null,"device_family":"Toaster","profile_push_time":null},
        {}],"fetched_until":"","more_to_follow":true}"#;
    let page: FetchDeviceResponse = serde_json::from_str(body).unwrap();
    assert!(page.more_to_follow && page.fetched_until.is_none());
    assert_eq!(page.devices[0].op_type, Some(OpType::Added));
    assert_eq!(page.devices[0].assigned_profile(), None);
    assert_eq!(page.devices[1].op_type, Some(OpType::Other("moved".to_owned())));
    assert_eq!(page.devices[1].device_family.as_deref(), Some("Toaster"));
    assert_eq!(page.devices[2].serial_number, "");
    let page: FetchDeviceResponse = serde_json::from_str(r#"{"cursor":"a","devices":null}"#).unwrap();
    assert!(page.devices.is_empty());
}

#[test]
fn every_result_of_an_assignment_is_kept() {
    let body = r#"{"profile_uuid":"P","devices":{"A":"SUCCESS","B":"THROTTLED","C":"not_accessible","D":"LATER"},
        "retry_after_seconds":60}"#;
    let response: AssignmentResponse = serde_json::from_str(body).unwrap();
    let results: Vec<_> = response.devices.into_values().collect();
    assert_eq!(
        results,
        [
            AssignResult::Success,
            AssignResult::Throttled,
            AssignResult::NotAccessible,
            AssignResult::Other("LATER".to_owned())
        ]
    );
    assert_eq!(response.retry_after_seconds, Some(60));
}

#[test]
fn a_profile_leaves_out_what_it_does_not_say() {
    let profile = Profile {
        profile_name: "Sales".to_owned(),
        url: "https://mdm.example/enrol".to_owned(),
        org_magic: "m".to_owned(),
        is_mdm_removable: true,
        ..Profile::default()
    };
    insta::assert_snapshot!(
        serde_json::to_string(&profile).unwrap(),
        @r#"{"profile_name":"Sales","url":"https://mdm.example/enrol","is_mdm_removable":true,"org_magic":"m"}"#
    );
}

#[test]
fn each_error_is_recognised_in_the_forms_it_comes_in() {
    for (token, word) in ErrorToken::ALL {
        for body in [(*word).to_owned(), format!("\"{word}\""), format!("<p>{}</p>\r\n", word.to_lowercase())]
        {
            let error = AppleError::from_body(400, body.as_bytes());
            assert_eq!(error.token, *token, "{body}");
        }
    }
    let error = AppleError::from_body(401, b"oauth_problem=token_rejected");
    assert_eq!(error.token, ErrorToken::TokenRejected);
    assert_eq!(AppleError::from_body(401, b"").token, ErrorToken::Unauthorized);
    assert_eq!(AppleError::from_body(503, b"<html>").token, ErrorToken::Unknown);
}

#[test]
fn the_words_of_an_error_are_short_and_printable() {
    let body = [b"FORBIDDEN\x1b[31m\r\n".as_slice(), &[b'x'; 5000], &[0xFF; 10]].concat();
    let error = AppleError::from_body(403, &body);
    assert_eq!(error.words.chars().count(), 200);
    assert!(error.words.chars().all(|c| !c.is_control()));
}

#[test]
fn no_secret_is_shown() {
    let session: Session = serde_json::from_str(r#"{"auth_session_token":"hush"}"#).unwrap();
    assert_eq!(session.auth_session_token.as_str(), "hush");
    let request = ActivationLockRequest {
        device: "A".to_owned(),
        escrow_key: Some("hush".to_owned().into()),
        lost_message: None,
    };
    assert_eq!(serde_json::to_string(&request).unwrap(), r#"{"device":"A","escrow_key":"hush"}"#);
    assert!(!format!("{session:?}{request:?}").contains("hush"));
}

#[test]
fn one_unreadable_device_does_not_cost_its_page() {
    let body = r#"{"cursor":"c","devices":[
        {"serial_number":"A","model":"iPad"},
        {"serial_number":"B","model":"iPad","imei":"35","color":"red"},
        {"serial_number":7,"model":"iPad"},
        {"serial_number":"C\u001b[2J","is_replacement_device":"yes"},
        null, 5, ["D"], "E", {"serial_number":null}, {"serial_number":"F","asset_tag":"a\u0000b"},
        {"serial_number":"Z"}],"more_to_follow":true}"#;
    let page: FetchDeviceResponse = serde_json::from_str(body).unwrap();
    let serials: Vec<_> = page.devices.iter().map(|device| device.serial_number.as_str()).collect();
    assert_eq!(serials, ["A", "Z"]);
    assert!(page.more_to_follow);
    let bad: Vec<_> = page.unreadable.iter().map(|bad| bad.serial_number.as_deref()).collect();
    assert_eq!(bad, [Some("B"), None, Some("C [2J"), None, None, None, None, None, Some("F")]);
    assert!(page.unreadable[0].why.starts_with("imei: "), "{:?}", page.unreadable[0]);
    assert!(page.unreadable[2].why.starts_with("is_replacement_device: "), "{:?}", page.unreadable[2]);
    assert!(page.unreadable.iter().all(|bad| !bad.why.is_empty() && bad.why.chars().count() <= 200));
    let again = serde_json::to_string(&page).unwrap();
    assert!(!again.contains("unreadable"), "{again}");
}

#[test]
fn what_is_no_list_of_devices_is_no_page() {
    let endless = format!(r#"{{"cursor":"c","devices":[{}0]}}"#, "0,".repeat(1000));
    for body in [r#"{"cursor":"c","devices":{}}"#, r#"{"cursor":"c","devices":"A"}"#, "7", &endless] {
        assert!(
            serde_json::from_str::<FetchDeviceResponse>(body).is_err(),
            "{}",
            &body[..20.min(body.len())]
        );
    }
}

#[test]
fn a_page_survives_odd_keys_of_its_own() {
    let body = r#"{"cursor":null,"devices":[{"serial_number":"A","op_date":1704067200,"op_type":"added"}],
        "fetched_until":0,"more_to_follow":null}"#;
    let page: FetchDeviceResponse = serde_json::from_str(body).unwrap();
    assert_eq!((page.cursor.as_str(), page.more_to_follow), ("", false));
    assert!(page.fetched_until.is_none() && page.devices[0].op_date.is_none());
}

#[test]
fn one_unreadable_device_does_not_cost_the_details_of_the_others() {
    let body = r#"{"devices":{"A":{"serial_number":"A"},"B":{"model":["x"]},"C":null}}"#;
    let response: DeviceListResponse = serde_json::from_str(body).unwrap();
    assert_eq!(response.devices.keys().collect::<Vec<_>>(), ["A"]);
    let bad: Vec<_> = response.unreadable.iter().map(|bad| bad.serial_number.as_deref()).collect();
    assert_eq!(bad, [Some("B"), Some("C")]);
    let response: DeviceListResponse = serde_json::from_str(r#"{"devices":null}"#).unwrap();
    assert!(response.devices.is_empty());
}

#[test]
fn one_unreadable_result_does_not_cost_the_others() {
    let body =
        r#"{"devices":{"A":"SUCCESS","B":null,"C":3,"D":{"status":"SUCCESS"}},"retry_after_seconds":"60"}"#;
    let other = |words: &str| AssignResult::Other(words.to_owned());
    let wanted = [AssignResult::Success, other("null"), other("3"), other(r#"{"status":"SUCCESS"}"#)];
    let response: AssignmentResponse = serde_json::from_str(body).unwrap();
    assert_eq!(response.devices.into_values().collect::<Vec<_>>(), wanted);
    assert_eq!(response.retry_after_seconds, Some(60));
    let response: DeviceStatusResponse = serde_json::from_str(body).unwrap();
    assert_eq!(response.devices.into_values().collect::<Vec<_>>(), wanted);
    let response: DefineProfileResponse =
        serde_json::from_str(&body.replacen('{', r#"{"profile_uuid":"P","#, 1)).unwrap();
    assert_eq!(response.devices.into_values().collect::<Vec<_>>(), wanted);
}

#[test]
fn a_pause_is_read_however_it_is_written() {
    for (text, seconds) in [
        ("60", Some(60)),
        ("59.2", Some(60)),
        ("\"60\"", Some(60)),
        ("-1", None),
        ("null", None),
        ("\"soon\"", None),
        ("[]", None),
        ("1e300", Some(7 * 86_400)),
    ] {
        let body = format!(r#"{{"devices":{{}},"retry_after_seconds":{text}}}"#);
        let response: AssignmentResponse = serde_json::from_str(&body).unwrap();
        assert_eq!(response.retry_after_seconds, seconds, "{text}");
    }
}

#[test]
fn an_account_survives_odd_urls() {
    let body = r#"{"server_name":"S","urls":[{"uri":"/account","http_method":null},
        {"uri":"/devices","http_method":["POST"],"limit":{"default":100,"maximum":1000}}]}"#;
    let account: AccountDetail = serde_json::from_str(body).unwrap();
    assert_eq!(account.limit("/devices").map(|limit| limit.maximum), Some(1000));
    let account: AccountDetail = serde_json::from_str(r#"{"server_name":"S","urls":null}"#).unwrap();
    assert!(account.urls.is_empty());
}
