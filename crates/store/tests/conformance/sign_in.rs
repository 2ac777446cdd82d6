//! Who may sign in: keys, applications and their credentials.

use domain::device_code::{Answer, DeviceCode};
use domain::invitation::Invitation;
use domain::refresh_token::RefreshToken;
use domain::session::{Session, Stage};
use domain::user::User;
use domain::user::methods::{External, Methods};
use domain::{TenantId, UserId};
use store::application::credential::{self, Credential, CredentialKind};
use store::application::{self, Application};
use store::{StoreError, device_code, invitation, refresh_token, session, signing_key, user};

use crate::bench::{Bench, on_both_engines, tx};
use crate::sample::{at, id};

on_both_engines!(
    a_new_key_retires_the_others,
    an_application_goes_with_its_credentials,
    an_assertion_is_used_once_and_forgotten_in_time,
    a_name_is_one_persons_in_a_tenant_whatever_its_case,
    what_a_person_proves_themselves_with_reads_back_and_is_written_by_one_at_a_time,
    a_person_goes_with_all_that_lets_them_in,
    a_link_replaces_the_one_before_and_is_used_by_one,
    sessions_are_noted_ended_and_forgotten,
    codes_and_tokens_of_programs_are_used_by_one_and_forgotten,
);

type Done = Result<(), StoreError>;

fn application() -> Application {
    Application {
        tenant: id("t"),
        id: "app-1".into(),
        name: "script".into(),
        created_at: at(1),
        roles: vec!["Reader".into()],
        is_public: true,
    }
}

fn secret(name: &str, kind: CredentialKind) -> Credential {
    Credential {
        tenant: id("t"),
        application: "app-1".into(),
        id: name.into(),
        kind,
        display_name: "Büro".into(),
        hint: "abc".into(),
        value: "hash".into(),
        starts_at: at(2),
        ends_at: (kind == CredentialKind::Secret).then(|| at(9)),
    }
}

async fn a_new_key_retires_the_others(bench: Bench) {
    let owner: TenantId = id("t");
    let outcome: Done = tx!(bench.store, [owner], |tx| {
        signing_key::insert(tx, &owner, &id("one"), at(1)).await?;
        signing_key::insert(tx, &owner, &id("two"), at(2)).await?;
        signing_key::insert(tx, &owner, &id("three"), at(3)).await?;
        let known = signing_key::list(tx, &owner).await?;
        let seen: Vec<_> = known.iter().map(|key| (key.id.as_str(), key.retired_at)).collect();
        assert_eq!(seen, [("three", None), ("two", Some(at(3))), ("one", Some(at(2)))]);
        assert!(signing_key::delete(tx, &owner, &id("one")).await?);
        assert!(!signing_key::delete(tx, &owner, &id("one")).await?);
        Ok(())
    });
    outcome.unwrap();
}

async fn an_application_goes_with_its_credentials(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        let tenant: TenantId = id("t");
        application::insert(tx, &application()).await?;
        assert_eq!(application::get(tx, "app-1").await?, Some(application()));
        let both = [secret("a", CredentialKind::Secret), secret("b", CredentialKind::Certificate)];
        for one in &both {
            credential::insert(tx, one).await?;
        }
        assert_eq!(credential::list(tx, &tenant, "app-1").await?, both);
        assert!(credential::delete(tx, &tenant, "app-1", "a").await?);
        assert!(!credential::delete(tx, &tenant, "app-1", "a").await?);
        assert!(application::delete(tx, &tenant, "app-1").await?);
        assert!(credential::list(tx, &tenant, "app-1").await?.is_empty());
        Ok(())
    });
    outcome.unwrap();
}

async fn an_assertion_is_used_once_and_forgotten_in_time(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        let tenant: TenantId = id("t");
        assert!(credential::assertion_use(tx, &tenant, "app-1", "jti", at(10)).await?);
        assert!(!credential::assertion_use(tx, &tenant, "app-1", "jti", at(10)).await?);
        assert!(credential::assertion_use(tx, &tenant, "app-2", "jti", at(20)).await?);
        assert_eq!(credential::assertions_expire(tx, at(9), 10).await?, 0);
        assert_eq!(credential::assertions_expire(tx, at(20), 1).await?, 1, "no more than asked for");
        assert_eq!(credential::assertions_expire(tx, at(20), 10).await?, 1);
        Ok(())
    });
    outcome.unwrap();
}

/// A person of tenant `t`.
pub(crate) fn person(tenant: &TenantId, name: &str) -> User {
    User {
        tenant: tenant.clone(),
        id: id(&format!("id-{name}")),
        version: 1,
        user_principal_name: format!("{name}@Schule.example"),
        display_name: "Jörg Größe".into(),
        mail: Some("post@schule.example".into()),
        account_enabled: true,
        roles: vec!["a".into(), "b".into()],
        sessions_valid_from: at(1),
        created_at: at(0),
    }
}

pub(crate) fn session_of(user: &User, hash: &str, seconds: i64) -> Session {
    Session {
        tenant: user.tenant.clone(),
        hash: hash.into(),
        user: user.id.clone(),
        stage: Stage::Full,
        created_at: at(seconds),
        seen_at: at(seconds),
        source: "192.0.2.1".into(),
        agent: "Browser".into(),
    }
}

pub(crate) fn code_of(tenant: &TenantId, hash: &str) -> DeviceCode {
    DeviceCode {
        tenant: tenant.clone(),
        hash: hash.into(),
        version: 1,
        user_code_hash: format!("user-{hash}"),
        application: "app-1".into(),
        scope: "x".into(),
        answer: Answer::Pending,
        created_at: at(1),
        polled_at: None,
        interval: 5,
    }
}

pub(crate) fn refresh_of(user: &User, hash: &str, family: &str) -> RefreshToken {
    RefreshToken {
        tenant: user.tenant.clone(),
        hash: hash.into(),
        family: family.into(),
        application: "app-1".into(),
        user: user.id.clone(),
        scope: "x".into(),
        family_at: at(1),
        created_at: at(2),
        used_at: None,
    }
}

async fn a_name_is_one_persons_in_a_tenant_whatever_its_case(bench: Bench) {
    let (tenant, other): (TenantId, TenantId) = (id("t"), id("other"));
    let outcome: Done = tx!(bench.store, [tenant, other], |tx| {
        let jo = person(&tenant, "jo");
        user::insert(tx, &jo).await?;
        user::insert(tx, &person(&other, "jo")).await?;
        assert_eq!(user::by_name(tx, &tenant, "JO@schule.EXAMPLE").await?.as_ref(), Some(&jo));
        assert_eq!(user::by_name(tx, &tenant, "nobody@schule.example").await?, None);
        assert_eq!(user::get(tx, &tenant, &jo.id).await?.as_ref(), Some(&jo));
        assert_eq!((user::count(tx, &tenant).await?, user::list(tx, &tenant).await?.len()), (1, 1));
        user::update(tx, &User { account_enabled: false, ..jo.clone() }).await?;
        assert_eq!(user::update(tx, &jo).await, Err(StoreError::Conflict));
        Ok(())
    });
    outcome.unwrap();
    let again: Done = tx!(bench.store, [tenant], |tx| {
        let same = User { user_principal_name: "JO@schule.example".into(), ..person(&tenant, "jo2") };
        user::insert(tx, &same).await
    });
    assert!(matches!(again, Err(StoreError::Duplicate { .. })), "{again:?}");
}

async fn what_a_person_proves_themselves_with_reads_back_and_is_written_by_one_at_a_time(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        let (tenant, ada): (TenantId, UserId) = (id("t"), id("ada"));
        let none = Methods::none(tenant.clone(), ada.clone());
        user::methods_insert(tx, &none).await?;
        assert_eq!(user::methods(tx, &tenant, &ada).await?.as_ref(), Some(&none));
        let mut full = none.clone();
        full.password_at = Some(at(1));
        full.enrol(7, vec!["a".into(), "b".into()], at(2));
        full.external = Some(External { issuer: "https://idp.example".into(), subject: "s".into() });
        user::methods_update(tx, &full).await?;
        assert_eq!(user::methods_update(tx, &full).await, Err(StoreError::Conflict));
        full.version += 1;
        assert_eq!(user::methods(tx, &tenant, &ada).await?, Some(full));
        Ok(())
    });
    outcome.unwrap();
}

async fn a_person_goes_with_all_that_lets_them_in(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        let tenant: TenantId = id("t");
        let (ada, jo) = (person(&tenant, "ada"), person(&tenant, "jo"));
        for one in [&ada, &jo] {
            user::insert(tx, one).await?;
            user::methods_insert(tx, &Methods::none(tenant.clone(), one.id.clone())).await?;
            session::insert(tx, &session_of(one, one.id.as_str(), 1)).await?;
            refresh_token::insert(tx, &refresh_of(one, one.id.as_str(), one.id.as_str())).await?;
            let link = Invitation {
                tenant: tenant.clone(),
                hash: one.id.to_string(),
                user: Some(one.id.clone()),
                created_at: at(1),
            };
            invitation::replace(tx, &link).await?;
        }
        assert!(user::delete(tx, &tenant, &ada.id).await?);
        assert!(!user::delete(tx, &tenant, &ada.id).await?);
        for (one, left) in [(&ada, false), (&jo, true)] {
            let hash = one.id.as_str();
            assert_eq!(user::get(tx, &tenant, &one.id).await?.is_some(), left);
            assert_eq!(user::methods(tx, &tenant, &one.id).await?.is_some(), left);
            assert_eq!(session::get(tx, hash).await?.is_some(), left);
            assert_eq!(refresh_token::get(tx, &tenant, hash).await?.is_some(), left);
            assert_eq!(invitation::get(tx, &tenant, hash).await?.is_some(), left);
        }
        Ok(())
    });
    outcome.unwrap();
}

async fn a_link_replaces_the_one_before_and_is_used_by_one(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        let tenant: TenantId = id("t");
        let link = |hash: &str, user: Option<&str>| Invitation {
            tenant: tenant.clone(),
            hash: hash.into(),
            user: user.map(id),
            created_at: at(5),
        };
        for (hash, who) in [("1", None), ("2", None), ("3", Some("ada")), ("4", Some("jo"))] {
            invitation::replace(tx, &link(hash, who)).await?;
        }
        assert_eq!(invitation::get(tx, &tenant, "1").await?, None, "a newer one has taken its place");
        assert_eq!(invitation::get(tx, &tenant, "2").await?, Some(link("2", None)));
        assert_eq!(invitation::get(tx, &tenant, "3").await?, Some(link("3", Some("ada"))));
        assert!(invitation::delete(tx, &tenant, "2").await?);
        assert!(!invitation::delete(tx, &tenant, "2").await?);
        assert_eq!(invitation::prune(tx, at(4), 10).await?, 0);
        assert_eq!(invitation::prune(tx, at(5), 1).await?, 1);
        Ok(())
    });
    outcome.unwrap();
}

async fn sessions_are_noted_ended_and_forgotten(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        let ada = person(&id("t"), "ada");
        let tenant = &ada.tenant;
        for (hash, began) in [("a", 10), ("b", 20), ("c", 30)] {
            session::insert(tx, &session_of(&ada, hash, began)).await?;
        }
        session::seen(tx, tenant, "a", at(40)).await?;
        let noted = Session { seen_at: at(40), ..session_of(&ada, "a", 10) };
        assert_eq!(session::get(tx, "a").await?, Some(noted));
        let known = session::list(tx, tenant, &ada.id).await?;
        assert_eq!(known.iter().map(|one| one.hash.as_str()).collect::<Vec<_>>(), ["c", "b", "a"]);
        assert_eq!(session::prune(tx, at(9), at(20), 10).await?, 1, "b had no visit");
        assert_eq!(session::prune(tx, at(10), at(0), 10).await?, 1, "a is too old");
        session::insert(tx, &session_of(&ada, "d", 50)).await?;
        assert_eq!(session::delete_others(tx, tenant, &ada.id, "d").await?, 1);
        assert!(session::delete(tx, tenant, "d").await?);
        assert!(!session::delete(tx, tenant, "d").await?);
        Ok(())
    });
    outcome.unwrap();
}

async fn codes_and_tokens_of_programs_are_used_by_one_and_forgotten(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| {
        let ada = person(&id("t"), "ada");
        let tenant = &ada.tenant;
        let mut code = code_of(tenant, "one");
        device_code::insert(tx, &code).await?;
        assert_eq!(device_code::by_user_code(tx, tenant, "user-one").await?, Some(code.clone()));
        (code.answer, code.polled_at) = (Answer::Approved(ada.id.clone()), Some(at(3)));
        device_code::update(tx, &code).await?;
        assert_eq!(device_code::update(tx, &code).await, Err(StoreError::Conflict));
        code.version += 1;
        assert_eq!(device_code::get(tx, tenant, "one").await?, Some(code));
        assert_eq!(device_code::count_since(tx, tenant, at(0)).await?, 1);
        assert_eq!(device_code::count_since(tx, tenant, at(1)).await?, 0);
        assert_eq!(device_code::prune(tx, at(0), 9).await?, 0);
        assert!(device_code::delete(tx, tenant, "one").await?);
        for (hash, family) in [("a", "f"), ("b", "f"), ("c", "g")] {
            refresh_token::insert(tx, &refresh_of(&ada, hash, family)).await?;
        }
        assert!(refresh_token::mark_used(tx, tenant, "a", at(3)).await?);
        assert!(!refresh_token::mark_used(tx, tenant, "a", at(4)).await?);
        let used = RefreshToken { used_at: Some(at(3)), ..refresh_of(&ada, "a", "f") };
        assert_eq!(refresh_token::get(tx, tenant, "a").await?, Some(used));
        assert_eq!(refresh_token::delete_family(tx, tenant, "f").await?, 2);
        assert_eq!(refresh_token::prune(tx, at(1), at(0), 9).await?, 0);
        assert_eq!(refresh_token::prune(tx, at(0), at(1), 9).await?, 1);
        refresh_token::insert(tx, &refresh_of(&ada, "d", "h")).await?;
        assert_eq!(refresh_token::delete_of(tx, tenant, &id("jo")).await?, 0);
        assert_eq!(refresh_token::delete_of(tx, tenant, &ada.id).await?, 1);
        Ok(())
    });
    outcome.unwrap();
}
