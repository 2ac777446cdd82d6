//! Another's SCEP service, where it is installed (Debian's `scepserver`): devices enrol with it.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use mdm::guard::Value;
use muster_practice::apple::catalogue::Family;
use muster_practice::device::Stage;

use crate::rehearsal::{rehearsal, settled, soon};
use crate::stub::dictionary;

/// Ends the service with the test.
struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(folder: &std::path::Path, port: u16) -> Option<Service> {
    let depot = folder.join("depot");
    let quiet = |command: &mut Command| {
        command.stdout(Stdio::null()).stderr(Stdio::null());
    };
    let mut init = Command::new("scepserver");
    init.args(["ca", "-init", "-organization", "Another"]).arg("-depot").arg(&depot);
    quiet(&mut init);
    if !init.status().ok()?.success() {
        return None;
    }
    let mut serve = Command::new("scepserver");
    serve.arg("-depot").arg(&depot).args(["-port", &port.to_string(), "-challenge", "theirs"]);
    serve.args(["-allowrenew", "0"]);
    quiet(&mut serve);
    let service = Service(serve.spawn().ok()?);
    for _ in 0..100 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Some(service);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    None
}

#[tokio::test]
async fn a_device_enrols_with_an_identity_of_anothers_service() {
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let path = folder.path().to_owned();
    let Some(_service) = tokio::task::spawn_blocking(move || start(&path, port)).await.unwrap() else {
        println!("skipped: no scepserver");
        return;
    };
    let rehearsal = rehearsal().await;
    let authority = std::fs::read(folder.path().join("depot/ca.pem")).unwrap();
    let authority = pki::x509::Certificate::from_pem_or_der(&authority).unwrap();
    rehearsal.stub.knobs(|knobs| {
        knobs.identity_ca = Some(authority);
        knobs.change = Some(Box::new(move |profile| {
            let payloads = profile.get_mut("PayloadContent").unwrap().as_array_mut().unwrap();
            let scep = dictionary([
                ("URL", format!("http://127.0.0.1:{port}/scep").into()),
                ("Challenge", "theirs".into()),
                ("Subject", crate::stub::subject()),
            ]);
            payloads[1].as_dictionary_mut().unwrap().insert("PayloadContent".into(), Value::Dictionary(scep));
        }));
    });
    let ipad = rehearsal.device(Family::IPad, rehearsal.profile());
    ipad.unbox().unwrap();
    // It answers in single DES whatever it was asked in, as some services do.
    soon(ipad.wait_for(|screen| screen.stage == Stage::AwaitingConfiguration)).await;
    rehearsal.stub.queue(&ipad, "DeviceConfigured", &[]);
    rehearsal.stub.push(&ipad);
    let screen = settled(&ipad).await;
    assert!(screen.enrolled && screen.stage == Stage::Home, "{screen:?}");
}
