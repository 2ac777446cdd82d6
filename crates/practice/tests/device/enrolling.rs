use muster_practice::apple::catalogue::Family;
use muster_practice::device::Stage;
use pki::x509::{Certificate, verify_issued_by};

use crate::rehearsal::{rehearsal, settled, soon};

/// Shows: R12, R50, L-USER
#[tokio::test]
async fn an_ipad_goes_from_its_box_to_its_home_screen_when_it_is_released() {
    let rehearsal = rehearsal().await;
    let ipad = rehearsal.ipad();
    assert_eq!(ipad.screen().stage, Stage::Boxed);
    ipad.unbox().unwrap();
    let waiting = soon(ipad.wait_for(|screen| screen.stage == Stage::AwaitingConfiguration)).await;
    assert_eq!(waiting.organization.as_deref(), Some("Example Works"));
    assert_eq!(waiting.department.as_deref(), Some("Sales"));
    assert_eq!(waiting.support_phone.as_deref(), Some("+1 555 0100"));
    let heard = rehearsal.stub.heard();
    assert_eq!(heard.kinds(), ["MachineInfo", "Authenticate", "TokenUpdate"]);
    assert_eq!(heard.last("MachineInfo").text("SERIAL"), Some(ipad.serial()));
    assert_eq!(heard.last("Authenticate").text("SerialNumber"), Some(ipad.serial()));
    assert_eq!(heard.last("TokenUpdate").flag("AwaitingConfiguration"), Some(true));
    assert!(heard.last("TokenUpdate").plist.contains_key("UnlockToken"));

    let uuid = rehearsal.stub.queue(&ipad, "DeviceConfigured", &[]);
    rehearsal.stub.push(&ipad);
    let home = settled(&ipad).await;
    assert_eq!(home.stage, Stage::Home);
    let heard = rehearsal.stub.wait_for(|heard| heard.released(&ipad.udid())).await;
    assert_eq!(heard.result(&uuid).unwrap().kind, "Acknowledged");
    assert!(home.enrolled && home.supervised && home.mandatory && !home.removable);
    assert_eq!(home.profile.as_deref(), Some("Works Management"));
    assert_eq!(home.notices[0], "This iPad is managed by Example Works.");
    assert!(home.notices[1].starts_with("This iPad is supervised. Example Works can monitor"));
    assert!(!home.panes.contains(&"Siri") && home.panes.contains(&"Passcode"));
    let identity = Certificate::from_der(&heard.last("TokenUpdate").certificate).unwrap();
    verify_issued_by(&identity, &[], rehearsal.stub.scep_ca()).unwrap();
}

#[tokio::test]
async fn every_family_enrols() {
    let rehearsal = rehearsal().await;
    for family in Family::ALL {
        let device = rehearsal.device(family, rehearsal.profile());
        rehearsal.stub.release(&device);
        device.unbox().unwrap();
        let screen = settled(&device).await;
        assert_eq!(screen.stage, Stage::Home, "{family:?} {screen:?}");
        assert!(screen.enrolled && screen.supervised);
    }
}
