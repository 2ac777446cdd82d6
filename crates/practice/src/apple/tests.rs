//! The model's promises, without any network.

mod activation;
mod assign;
mod profile;
mod shop;
mod story;
mod sync;
mod token;

use super::assign::Refused;
use super::catalogue::{Family, product};
use super::model::{Model, Rules};
use super::moment::Moment;
use super::org::{OrgCard, OrgId, OrgKind, ServerId};
use super::profile::Profile;
use super::shop::{Order, Selection};

/// The moment every test begins: 2026-05-09T02:30:00Z.
pub(super) const START: Moment = Moment::from_seconds(1_778_293_800);

/// An organisation with two MDM servers.
pub(super) struct World {
    pub(super) model: Model,
    pub(super) org: OrgId,
    pub(super) a: ServerId,
    pub(super) b: ServerId,
}

pub(super) fn world() -> World {
    let mut model = Model::new(Rules::default());
    let card = OrgCard { name: "Example Works".into(), ..OrgCard::default() };
    let org = model.add_org(OrgKind::Business, card).unwrap();
    let a = model.add_server(org, "A", vec![]).unwrap();
    let b = model.add_server(org, "B", vec![]).unwrap();
    World { model, org, a, b }
}

impl World {
    /// Buys that many iPads and puts them on server A.
    pub(super) fn stock(&mut self, count: usize) -> Vec<String> {
        let serials = self.buy(Family::IPad, count);
        self.to(&serials, Some(self.a), START);
        serials
    }

    pub(super) fn buy(&mut self, family: Family, count: usize) -> Vec<String> {
        let product = product(family, None).unwrap();
        let order = Order { product, count, number: "W1".into(), serials: vec![] };
        self.model.buy(self.org, &order, "shop@example.com", START).unwrap()
    }

    pub(super) fn to(&mut self, serials: &[String], server: Option<ServerId>, now: Moment) {
        let selection = Selection::Serials(serials.to_vec());
        let moved =
            self.model.assign_devices(self.org, &selection, server, "admin@example.com", now).unwrap();
        assert!(moved.unknown.is_empty());
    }

    pub(super) fn define(&mut self, server: ServerId) -> String {
        self.model.define_profile(server, good_profile(), &Refused::default(), START).unwrap().0
    }

    pub(super) fn assign(&mut self, uuid: &str, serials: &[String], now: Moment) -> super::assign::Assigned {
        self.model.assign(self.a, uuid, serials, &Refused::default(), now).unwrap()
    }
}

/// A profile that breaks no rule.
pub(super) fn good_profile() -> Profile {
    Profile {
        profile_name: Some("Corp iPads".into()),
        url: Some("https://mdm.example.com/ade/enroll/abc".into()),
        is_supervised: Some(true),
        is_mdm_removable: Some(false),
        await_device_configured: Some(true),
        ..Profile::default()
    }
}
