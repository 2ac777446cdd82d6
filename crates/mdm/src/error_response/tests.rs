use super::*;

#[test]
fn each_refusal_has_apples_shape() {
    let json = |refusal: Refusal| String::from_utf8(refusal.json(None, Some("Ask IT"))).unwrap();
    insta::assert_snapshot!(
        json(Refusal::UnrecognizedDevice),
        @r#"{"code":"com.apple.unrecognized.device","message":"Ask IT"}"#
    );
    insta::assert_snapshot!(
        json(Refusal::WellKnownFailed),
        @r#"{"code":"com.apple.well-known.failed","message":"Ask IT"}"#
    );
    let update = SoftwareUpdate {
        os_version: "17.1".to_owned(),
        build_version: None,
        require_beta_program: Some(BetaProgram { description: "Beta".to_owned(), token: "t".to_owned() }),
    };
    insta::assert_snapshot!(
        json(Refusal::SoftwareUpdateRequired(update)),
        @r#"{"code":"com.apple.softwareupdate.required","message":"Ask IT","details":{"OSVersion":"17.1","RequireBetaProgram":{"Description":"Beta","Token":"t"}}}"#
    );
}
