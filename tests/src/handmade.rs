//! A device by hand: it sends exactly what a test wants, also what no device of Apple's would send.
//!
//! Virtual devices of practice behave as Apple's do; this one is for what must not be believed, and for scenarios that
//! need every message in their own hands.

mod message;
mod talk;

use std::collections::HashMap;
use std::sync::OnceLock;

use pki::key::{RsaKey, SigningKey};
use pki::x509::Certificate;
use practice::apns::DeviceToken;
use practice::apple::activation::{Activation, CloudConfiguration};
use practice::apple::catalogue::Product;
use practice::apple::device_identity::{DeviceIdentity, SigningStyle};

use crate::stack::Stack;

pub use message::{Served, xml};
pub use talk::Heard;

/// Keys of devices. A key costs a tenth of a second, and no test minds that devices share some.
const KEYS: usize = 6;

/// A key of the pool.
///
/// # Panics
/// When the computer has no randomness.
#[must_use]
pub fn key(n: usize) -> RsaKey {
    static POOL: OnceLock<Vec<RsaKey>> = OnceLock::new();
    let make = || {
        let makers: Vec<_> = (0..KEYS).map(|_| std::thread::spawn(|| RsaKey::generate().unwrap())).collect();
        makers.into_iter().map(|maker| maker.join().unwrap()).collect()
    };
    POOL.get_or_init(make)[n % KEYS].clone()
}

/// A device by hand.
pub struct Handmade {
    /// Its serial number.
    pub serial: String,
    /// Its UDID.
    pub udid: String,
    /// What it is.
    pub product: &'static Product,
    /// Its system.
    pub os_version: String,
    /// Whether it is supervised: from iOS 13 on always.
    pub supervised: bool,
    /// Its name.
    pub name: String,
    /// Whether Setup Assistant holds it.
    pub awaiting: bool,
    /// The status it answers a request type with, instead of `Acknowledged`.
    pub moods: HashMap<String, &'static str>,
    /// The bypass code of its Activation Lock.
    pub bypass_code: Option<String>,
    /// Its certificate from Apple, and the key of it.
    pub device: DeviceIdentity,
    /// See `device`.
    pub device_key: RsaKey,
    /// The key of its identity.
    pub key: RsaKey,
    /// Its identity, once it has one.
    pub identity: Option<Certificate>,
    /// An identity it got by command and has not used yet.
    pub renewed: Option<(RsaKey, Option<Certificate>)>,
    /// The enrolment profile it was given last.
    pub served: Option<Served>,
    /// Where it is pushed to.
    pub push: Option<DeviceToken>,
    /// What a push must hold.
    pub magic: String,
}

impl Stack {
    /// A device that was bought, out of its box.
    ///
    /// # Panics
    /// When Apple never sold it.
    #[must_use]
    pub fn handmade(&self, serial: &str) -> Handmade {
        let product = self.practice.world().model().device(serial).unwrap().product;
        let number = serial.bytes().map(usize::from).sum::<usize>();
        let device_key = key(number);
        let device =
            self.practice.issue_device_identity(SigningKey::from(device_key.clone()).public_key()).unwrap();
        Handmade {
            serial: serial.to_owned(),
            udid: format!("00008101-{serial}"),
            product,
            os_version: "18.1".to_owned(),
            supervised: true,
            name: product.family.word().to_owned(),
            awaiting: false,
            moods: HashMap::new(),
            bypass_code: Some(format!("AAAAA-{serial}")),
            device,
            device_key,
            key: key(number + 1),
            identity: None,
            renewed: None,
            served: None,
            push: None,
            magic: format!("MAGIC-{serial}"),
        }
    }

    /// A device from its box to where setup waits for its answers.
    pub async fn enrolling(&self, serial: &str) -> Handmade {
        let mut device = self.handmade(serial);
        device.enrol(self).await;
        device
    }

    /// A device from its box to its home screen.
    ///
    /// # Panics
    /// When it is not released.
    pub async fn enrolled(&self, serial: &str) -> Handmade {
        let mut device = self.enrolling(serial).await;
        device.finish(self).await;
        device
    }
}

impl Handmade {
    /// What Apple tells at activation; `None`: to set itself up as anybody's.
    ///
    /// # Panics
    /// When Apple never sold it.
    #[must_use]
    pub fn activate(&self, stack: &Stack) -> Option<CloudConfiguration> {
        let (world, now) = (stack.practice.world(), stack.practice.world().now());
        let told = world.model().activate(&self.serial, now);
        match told {
            Activation::Managed(cloud) => Some(*cloud),
            Activation::Unmanaged => None,
            Activation::UnknownDevice => unreachable!("Apple never sold {}", self.serial),
        }
    }

    /// Erased: nothing of its management is left on it, and its next activation takes the profile assigned by then.
    pub fn erase(&mut self, stack: &Stack) {
        let now = stack.practice.world().now();
        stack.practice.world().model().erase(&self.serial);
        if let Some(token) = self.push.take() {
            stack.practice.registry().unregister(token, now);
        }
        (self.identity, self.renewed, self.served, self.awaiting) = (None, None, None, false);
        self.name = self.product.family.word().to_owned();
    }

    /// MachineInfo in a form that Apple's devices sign in.
    ///
    /// # Panics
    /// When it cannot be signed.
    #[must_use]
    pub fn signed(&self, content: &[u8], style: SigningStyle) -> Vec<u8> {
        self.device.sign(&self.device_key.clone().into(), content, style).unwrap()
    }

    /// From its box to the first `TokenUpdate`.
    ///
    /// # Panics
    /// When it is not let in.
    pub async fn enrol(&mut self, stack: &Stack) {
        let cloud = self.activate(stack).unwrap();
        let signed = self.signed(&self.machine_info(), SigningStyle::default());
        let heard = self.ask(stack, &cloud, &signed).await;
        let served = Served::read(&heard);
        self.get_identity(stack, &served).await;
        self.served = Some(served);
        assert_eq!(self.authenticate(stack).await.status, 200);
        let held = cloud.profile.await_device_configured == Some(true);
        self.awaiting = held;
        assert_eq!(self.token_update(stack).await.status, 200);
    }

    /// Answers until it is at its home screen.
    ///
    /// # Panics
    /// When it is not released.
    pub async fn finish(&mut self, stack: &Stack) {
        self.obey(stack).await;
        assert!(!self.awaiting, "{} is not released", self.serial);
    }
}
