use super::*;

#[test]
fn a_push_carries_the_magic_and_nothing_else() {
    assert_eq!(body("A-B"), br#"{"mdm":"A-B"}"#);
    assert_eq!(body("a\"b"), br#"{"mdm":"a\"b"}"#);
}

#[test]
fn only_topics_of_device_management_are_taken() {
    assert!(is_mdm_topic("com.apple.mgmt.External.0e3f1c2a-0000-4000-8000-000000000000"));
    for topic in
        ["", "com.apple.mgmt.", "com.example.app", "xcom.apple.mgmt.External.1", "com.apple.mgmt.a b"]
    {
        assert!(!is_mdm_topic(topic), "{topic}");
    }
}
