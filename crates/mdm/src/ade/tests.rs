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
