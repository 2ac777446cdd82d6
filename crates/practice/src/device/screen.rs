//! What a person standing before the device sees.

use std::sync::Arc;

use serde::Serialize;

use super::cloud::CloudConfig;
use super::os::{Os, Platform};
use crate::apple::catalogue::{Family, Product};
use crate::apple::moment::Moment;

/// How far a device has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "stage")]
pub enum Stage {
    /// In its box, or erased: it says "Hello".
    #[default]
    Boxed,
    /// Asks Apple what it is.
    Activating,
    /// Shows who will manage it, and fetches the profile.
    RemoteManagement,
    /// Installs the profile.
    Enrolling,
    /// "Awaiting final configuration": waits to be released.
    AwaitingConfiguration,
    /// Ready for use.
    Home,
    /// Went no further.
    Failed {
        /// Why, as a person sees it.
        why: String,
    },
}

impl Stage {
    /// Whether it goes no further without a person or a server: at home, or failed.
    pub const fn is_settled(&self) -> bool {
        matches!(self, Self::Home | Self::Failed { .. })
    }

    /// The word for the stage, as in JSON.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Boxed => "boxed",
            Self::Activating => "activating",
            Self::RemoteManagement => "remoteManagement",
            Self::Enrolling => "enrolling",
            Self::AwaitingConfiguration => "awaitingConfiguration",
            Self::Home => "home",
            Self::Failed { .. } => "failed",
        }
    }
}

/// Which computers a device may be connected to (R48).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Pairing {
    /// Any computer its user trusts.
    #[default]
    AnyComputer,
    /// Only computers with one of the organisation's certificates.
    ByCertificate,
    /// None: the port charges and nothing else.
    NoComputer,
}

/// What a person sees. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Screen {
    /// The serial number.
    pub serial: Arc<str>,
    /// The product family.
    pub family: Family,
    /// The model.
    pub model: &'static str,
    /// The system, such as `iPadOS 26.0`.
    pub os: Arc<str>,
    /// Whether it has power.
    pub powered: bool,
    /// How far it has come, and why not further.
    #[serde(flatten)]
    pub stage: Stage,
    /// Seconds from being unboxed to the present stage; for a stage that passes, until now.
    pub seconds: i64,
    /// Its name.
    pub name: Arc<str>,
    /// Whether it is enrolled.
    pub enrolled: bool,
    /// The name of the installed enrolment profile.
    pub profile: Option<Arc<str>>,
    /// "Remote Management" screen: who manages it.
    pub organization: Option<Arc<str>>,
    /// "About Configuration": the department (R50).
    pub department: Option<Arc<str>>,
    /// "Need Help": the telephone number (R50).
    pub support_phone: Option<Arc<str>>,
    /// Whether it is supervised.
    pub supervised: bool,
    /// Whether its user must take management.
    pub mandatory: bool,
    /// Whether its user may remove management in Settings, now.
    pub removable: bool,
    /// Whether Setup Assistant goes on by itself.
    pub advances: bool,
    /// Which computers it may be connected to.
    pub pairing: Pairing,
    /// The panes of Setup Assistant that its user goes through.
    pub panes: Arc<[&'static str]>,
    /// What the lock screen and Settings say about management (R12).
    pub notices: Arc<[String]>,
    /// What went wrong last, without the device being worse for it.
    pub trouble: Option<Arc<str>>,
    #[serde(skip)]
    pub(super) began: Option<Moment>,
}

impl Screen {
    /// A device in its box.
    pub(super) fn boxed(serial: &str, product: &'static Product, os: Os, name: &str) -> Self {
        Self {
            serial: serial.into(),
            family: product.family,
            model: product.model,
            os: os.to_string().into(),
            powered: false,
            stage: Stage::Boxed,
            seconds: 0,
            name: name.into(),
            enrolled: false,
            profile: None,
            organization: None,
            department: None,
            support_phone: None,
            supervised: false,
            mandatory: false,
            removable: false,
            advances: false,
            pairing: Pairing::AnyComputer,
            panes: Arc::from([]),
            notices: Arc::from([]),
            trouble: None,
            began: None,
        }
    }

    /// The same with its seconds counted up to now, while the stage passes.
    #[must_use]
    pub(super) fn at(mut self, now: Moment) -> Self {
        if !self.stage.is_settled() {
            self.count(now);
        }
        self
    }

    pub(super) fn count(&mut self, now: Moment) {
        self.seconds = self.began.map_or(0, |began| now.seconds().saturating_sub(began.seconds()));
    }

    /// Shows what the cloud configuration means on this system.
    pub(super) fn show_cloud(&mut self, cloud: &CloudConfig, os: Os) {
        let shared = |text: &Option<String>| text.as_deref().map(Arc::from);
        self.organization = shared(&cloud.organization);
        self.department = shared(&cloud.department);
        self.support_phone = shared(&cloud.support_phone);
        self.supervised = cloud.supervises(os);
        self.mandatory = cloud.is_mandatory(os);
        self.advances = cloud.advances(os);
        self.panes = if self.advances { Arc::from([]) } else { super::panes::shown(os, &cloud.skip).into() };
    }

    /// Shows that the device is managed: notices, pairing, whether it may be removed.
    pub(super) fn show_managed(&mut self, cloud: &CloudConfig, os: Os) {
        self.enrolled = true;
        self.removable = cloud.is_removable(os);
        self.pairing = pairing(cloud, os);
        self.notices = notices(cloud, os).into();
    }

    /// Shows that it is not managed any more.
    pub(super) fn show_unmanaged(&mut self) {
        self.enrolled = false;
        self.profile = None;
        self.removable = false;
        self.pairing = Pairing::AnyComputer;
        self.notices = Arc::from([]);
    }
}

/// Only supervised devices can be kept from pairing.
fn pairing(cloud: &CloudConfig, os: Os) -> Pairing {
    if cloud.pairing || !cloud.supervises(os) {
        Pairing::AnyComputer
    } else if cloud.hosts > 0 {
        Pairing::ByCertificate
    } else {
        Pairing::NoComputer
    }
}

/// The two notices of a supervised iPhone or iPad (R12).
fn notices(cloud: &CloudConfig, os: Os) -> Vec<String> {
    if os.platform() != Platform::Ios || !cloud.supervises(os) {
        return Vec::new();
    }
    let device = os.family.word();
    let organization = cloud.organization.as_deref().unwrap_or("your organization");
    vec![
        format!("This {device} is managed by {organization}."),
        format!(
            "This {device} is supervised. {organization} can monitor your Internet traffic and locate this device."
        ),
    ]
}
