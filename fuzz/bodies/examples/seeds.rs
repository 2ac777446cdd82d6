//! Makes the seeds of `fuzz/corpus` anew: one honest input of each kind, for a fuzzer to begin with.
//!
//! ```text
//! cargo run -p muster-fuzz-bodies --example seeds
//! ```
//!
//! Keys and nonces are new each time, so the binary ones differ from those that are kept. Findings are not touched.
#![expect(clippy::unwrap_used, reason = "a tool for those who work on this")]

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pki::cms::Cipher;
use pki::key::RsaKey;
use pki::scep::Client;
use pki::x509::{Certificate, CertificateRequest, Name};

const HEAD: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8"?>"#,
    r#"<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">"#,
    r#"<plist version="1.0">"#,
);

fn main() {
    plists();
    messages();
    scep();
    texts();
    forwarded();
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(root().join("crates/pki/tests/fixtures").join(name)).unwrap()
}

fn seed(target: &str, name: &str, content: impl AsRef<[u8]>) {
    let folder = root().join("fuzz/corpus").join(target);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("seed_{name}")), content).unwrap();
}

fn plist(inside: &str) -> String {
    format!("{HEAD}{inside}</plist>")
}

fn dictionary(texts: &[(&str, &str)], more: &str) -> String {
    let texts: String =
        texts.iter().map(|(key, text)| format!("<key>{key}</key><string>{text}</string>")).collect();
    plist(&format!("<dict>{texts}{more}</dict>"))
}

fn plists() {
    let every = "<array><string> a &amp; &#x1F600; </string><integer>-1</integer><real>1.5</real><true/><false/>\
                 <date>2026-01-31T12:00:00Z</date><data>AAEC</data><dict><key>k</key><array/></dict></array>";
    seed("plist", "every_type", plist(every));
    seed("plist", "bare", "<plist><dict/></plist>");
    let info = [
        ("UDID", "00008120-0000000000000001"),
        ("SERIAL", "C02XK0AAAAAA"),
        ("PRODUCT", "iPad13,18"),
        ("VERSION", "22B83"),
        ("OS_VERSION", "18.1.1"),
        ("IMEI", "35 209900 176148 1"),
        ("LANGUAGE", "en"),
    ];
    let more = "<key>MDM_CAN_REQUEST_SOFTWARE_UPDATE</key><true/><key>PAIRING_TOKEN</key><data>aGk=</data>";
    seed("machine_info", "ipad", dictionary(&info, more));
    let who = ("UDID", "00008120-0000000000000001");
    let begin =
        [("MessageType", "Authenticate"), ("Topic", "t"), ("SerialNumber", "C02"), ("DeviceName", "d")];
    seed("channel", "authenticate", dictionary(&[&begin[..], &[who]].concat(), ""));
    let token = "<key>Token</key><data>aHVzaC1odXNo</data><key>AwaitingConfiguration</key><true/>\
                 <key>UnlockToken</key><data>aHVzaC1odXNo</data>";
    let update = [("MessageType", "TokenUpdate"), ("Topic", "t"), ("PushMagic", "hush-hush"), who];
    seed("channel", "token_update", dictionary(&update, token));
    let user = [("MessageType", "UserAuthenticate"), ("UserID", "u"), ("DigestResponse", "hush-hush"), who];
    seed("channel", "user", dictionary(&user, ""));
    let service = [("MessageType", "GetToken"), ("TokenServiceType", "com.apple.maid"), who];
    let parameters =
        "<key>TokenParameters</key><dict><key>SecurityToken</key><string>hush-hush</string></dict>";
    seed("channel", "get_token", dictionary(&service, parameters));
    seed("channel", "idle", dictionary(&[("Status", "Idle"), who], ""));
    let done = [("Status", "Error"), ("CommandUUID", "c1"), ("ActivationLockBypassCode", "hush-hush"), who];
    let answer = "<key>ErrorChain</key><array><dict><key>ErrorCode</key><integer>12021</integer>\
                  <key>ErrorDomain</key><string>MCMDMErrorDomain</string><key>LocalizedDescription</key>\
                  <string>no</string></dict></array><key>QueryResponses</key><dict><key>DeviceCapacity</key>\
                  <real>64</real><key>IsSupervised</key><true/></dict><key>Settings</key><array><dict><key>Status\
                  </key><string>Acknowledged</string></dict></array><key>SecurityInfo</key><dict>\
                  <key>PasscodePresent</key><false/></dict><key>InstalledApplicationList</key><array><dict>\
                  <key>Identifier</key><string>a</string></dict></array>";
    seed("channel", "answer", dictionary(&done, answer));
}

fn messages() {
    for name in ["attached_ec", "attached_keyid", "attached_noattr", "attached_sha1", "attached_stream"] {
        seed("cms_signed", name, fixture(&format!("{name}.der")));
        seed("ber", name, fixture(&format!("{name}.der")));
    }
    for name in ["detached_sha1", "detached_sha256"] {
        let message = fixture(&format!("{name}.der"));
        seed("cms_signed", name, &message);
        let header = STANDARD.encode(&message);
        seed("mdm_signature", name, [header.as_bytes(), b"\n", &fixture("body.xml")].concat());
    }
    for name in ["refused_no_certificate", "refused_two_signers"] {
        seed("cms_signed", name, fixture(&format!("{name}.der")));
    }
    seed("cms_enveloped", "aes256", fixture("token_aes256.der"));
    let recipient = Certificate::from_der(&pem_der("token.pem")).unwrap();
    for (name, cipher) in [("aes128", Cipher::Aes128), ("des3", Cipher::TripleDes)] {
        let streamed = pki::cms::encrypt_streamed(&recipient, b"content", cipher).unwrap();
        seed("cms_enveloped", name, streamed);
    }
    for name in ["token_aes128_stream.p7m", "token_pem.p7m", "token_aes256.der", "token_des.p7m"] {
        seed("token_file", name, fixture(name));
    }
    let json = "{\"consumer_key\":\"CK\",\"consumer_secret\":\"CS\",\"access_token\":\"AT\",\
                \"access_secret\":\"AS\",\"access_token_expiry\":\"2027-01-14T21:27:41Z\"}";
    let head = "Content-Type: text/plain;charset=UTF-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n";
    let framed = format!("{head}-----BEGIN MESSAGE-----\r\n{json}\r\n-----END MESSAGE-----\r\n");
    seed("token_text", "as_apple", framed);
    seed("token_text", "bare", json);
    for name in ["ca.pem", "ec.pem", "below.pem", "ec384.pem"] {
        seed("upload", name, fixture(name));
        seed("x509", name, pem_der(name));
    }
    let key = RsaKey::generate().unwrap().into();
    let request = CertificateRequest::create(&key, &Name::of("push").organization("o"), Some("p")).unwrap();
    seed("x509", "request", request.der());
    seed("upload", "request", request.to_pem());
}

fn pem_der(name: &str) -> Vec<u8> {
    Certificate::from_pem(std::str::from_utf8(&fixture(name)).unwrap()).unwrap().der().to_vec()
}

fn scep() {
    let ca = Certificate::from_der(&pem_der("token.pem")).unwrap();
    let key = RsaKey::generate().unwrap();
    let client = Client::enrol(&key, &ca, &Name::of("device"), Some("challenge"), Cipher::Aes256, 0).unwrap();
    seed("scep", "enrol", client.message());
    seed("scep", "query", STANDARD.encode(client.message()));
    let old = Client::enrol(&key, &ca, &Name::of("device"), None, Cipher::TripleDes, 0).unwrap();
    seed("scep", "enrol_des3", old.message());
    let envelope = pki::cms::verify_signed(client.message(), None).unwrap().content;
    let attribute = |last: u8, value: &[u8]| {
        let name = [0x06, 10, 0x60, 0x86, 0x48, 1, 0x86, 0xf8, 0x45, 1, 9, last];
        let set = [&[0x31, value.len() as u8], value].concat();
        [&[0x30, (name.len() + set.len()) as u8][..], &name, &set].concat()
    };
    let attributes = [
        attribute(2, b"\x13\x0219"),
        attribute(5, b"\x04\x10nonce-of-sixteen"),
        attribute(7, b"\x13\x0btransaction"),
    ]
    .concat();
    let length = (attributes.len() as u16).to_be_bytes();
    seed("scep_signed", "enrol", [&length[..], &attributes, &envelope].concat());
}

fn texts() {
    for (name, query) in [
        (
            "everything",
            "$filter=name eq 'O''Brien' and (free gt 5 or not on)&$orderby=name desc,at&$top=5&$count=true",
        ),
        ("lambda", "$filter=targets/any(t:t/intent eq 'apply' and t/groupId ne null)&$select=id,name"),
        (
            "functions",
            "$filter=startswith(tolower(name),'o') or contains(serial,'0')&$expand=target($select=intent)",
        ),
        ("lists", "$filter=platform in ('ios','macOS') and ways has 'mdm'&$skiptoken=AQ&$search=x%20y"),
        (
            "values",
            "$filter=at ge 2026-01-31T12:00:00Z and ratio le -1.5e3 and id eq 11111111-aaaa-4bbb-8ccc-000000000001",
        ),
    ] {
        seed("odata", name, query);
    }
    seed(
        "url",
        "keys",
        "/deviceManagement/depOnboardingSettings('a%27%27b')/f(x='1',y=2)/microsoft.graph.wipe",
    );
    seed(
        "csv",
        "all",
        "serialNumber,description,profile,convertedDateTime\nC02XK0AAAAAA,\"a \"\"b\"\"\",p,2026-01-31\n",
    );
    seed("csv", "semicolons", "\u{feff}Serial Number;details\r\nC02XK0AAAAAB;x\r\n");
    seed("portal_csv", "plain", "\u{feff}serial\nC02XK0AAAAAA,x\n\"c02xk0aaaaab\"\nno\n");
    for (name, body) in [
        (
            "page",
            r#"{"cursor":"MTY1","devices":[{"serial_number":"A","op_type":"added","op_date":"2026-01-31T12:00:00Z","profile_status":"assigned","profile_uuid":"P"},{"serial_number":7}],"fetched_until":"2026-01-31T12:00:00Z","more_to_follow":true}"#,
        ),
        (
            "assignment",
            r#"{"profile_uuid":"P","devices":{"A":"SUCCESS","B":"THROTTLED"},"retry_after_seconds":60}"#,
        ),
        ("details", r#"{"devices":{"A":{"serial_number":"A","response_status":"SUCCESS"}}}"#),
        (
            "account",
            r#"{"server_name":"S","server_uuid":"U","org_name":"O","urls":[{"uri":"/profile","http_method":["GET"],"limit":{"default":100,"maximum":1000}}]}"#,
        ),
        ("session", r#"{"auth_session_token":"hush-hush"}"#),
        (
            "profile",
            r#"{"profile_name":"P","url":"https://m/","is_supervised":true,"skip_setup_items":["Location"],"anchor_certs":["AA=="],"devices":["A"]}"#,
        ),
        ("error", "FORBIDDEN"),
    ] {
        seed("ade", name, body);
    }
}

fn forwarded() {
    let certificate = pem_der("ec.pem");
    let escaped: String =
        String::from_utf8(fixture("ec.pem")).unwrap().replace('\n', "%0A").replace(' ', "%20");
    seed(
        "forwarded",
        "rfc9440",
        format!(
            "Client-Cert: :{}:\nX-Forwarded-For: 198.51.100.1, 192.0.2.9\n",
            STANDARD.encode(certificate)
        ),
    );
    seed("forwarded", "escaped", format!("X-SSL-Client-Cert: {escaped}\n"));
    seed("forwarded", "absent", "X-SSL-Client-Cert: (null)\nX-Forwarded-For: [2001:db8::1]:80\n");
    seed("forwarded", "twice", "Client-Cert: :AA==:\nClient-Cert: :AA==:\n");
}
