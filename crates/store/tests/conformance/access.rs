//! Groups, roles, assignments and scope tags read back as they were written, tenant by tenant.

use domain::access::{BuiltIn, RoleAssignment, RoleDefinition, ScopeTag, ScopeType};
use domain::group::{Group, Member, MemberKind};
use domain::{GroupId, TenantId};
use store::{PageQuery, StoreError, Tx, group, role_assignment, role_definition, scope_tag};

use crate::bench::{Bench, on_both_engines, tx};
use crate::sample::{at, id};

on_both_engines!(
    what_says_who_may_do_what_reads_back_as_it_was_written,
    a_stale_update_is_a_conflict,
    another_tenants_groups_and_roles_are_not_seen_or_changed,
    a_member_is_in_a_group_once_and_in_the_groups_around_it,
    groups_in_a_circle_end,
    a_deleted_group_has_no_members_and_is_in_no_other,
    members_come_in_pages,
);

type Done = Result<(), StoreError>;

pub(crate) fn group_of(tenant: &TenantId, name: &str) -> Group {
    Group {
        tenant: tenant.clone(),
        id: id(name),
        version: 1,
        name: format!("Größe {name}"),
        description: (name != "plain").then(|| "those of it".to_owned()),
        mail_nickname: "groesse".into(),
        created_at: at(3),
    }
}

fn role_of(tenant: &TenantId) -> RoleDefinition {
    let mut role = BuiltIn::HelpDesk.of(tenant);
    (role.id, role.is_built_in, role.name) = (id("role-1"), false, "Front desk".into());
    role
}

fn assignment_of(tenant: &TenantId) -> RoleAssignment {
    RoleAssignment {
        tenant: tenant.clone(),
        id: id("assignment-1"),
        version: 1,
        name: "Desk of Berlin".into(),
        description: "Them".into(),
        role: id("role-1"),
        members: vec![id("group-1"), id("group-2")],
        scope_type: ScopeType::AllDevices,
        resource_scopes: vec![id("group-3")],
        scope_tags: vec!["1".into(), "2".into()],
    }
}

fn tag_of(tenant: &TenantId, name: &str) -> ScopeTag {
    ScopeTag {
        tenant: tenant.clone(),
        id: name.into(),
        version: 1,
        name: format!("Tag {name}"),
        description: String::new(),
        groups: vec![id("group-1")],
    }
}

fn user(name: &str) -> Member {
    Member { kind: MemberKind::User, id: name.into() }
}

fn inner(name: &str) -> Member {
    Member { kind: MemberKind::Group, id: name.into() }
}

async fn what_says_who_may_do_what_reads_back_as_it_was_written(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| round_trip(tx).await);
    outcome.unwrap();
}

async fn round_trip(tx: &mut Tx<'_>) -> Done {
    let tenant: TenantId = id("t");
    for name in ["group-1", "plain"] {
        let row = group_of(&tenant, name);
        group::insert(tx, &row).await?;
        assert_eq!(group::get(tx, &tenant, &row.id).await?, Some(row));
    }
    let role = role_of(&tenant);
    role_definition::insert(tx, &role).await?;
    assert_eq!(role_definition::list(tx, &tenant).await?, std::slice::from_ref(&role));
    assert_eq!(role_definition::get(tx, &tenant, &role.id).await?, Some(role));
    let assignment = assignment_of(&tenant);
    role_assignment::insert(tx, &assignment).await?;
    assert_eq!(role_assignment::list(tx, &tenant).await?, std::slice::from_ref(&assignment));
    assert_eq!(role_assignment::count_of(tx, &tenant, &assignment.role).await?, 1);
    assert_eq!(role_assignment::get(tx, &tenant, &assignment.id).await?, Some(assignment));
    // Their numbers count, not their letters.
    for name in ["10", "9"] {
        scope_tag::insert(tx, &tag_of(&tenant, name)).await?;
    }
    assert_eq!(scope_tag::list(tx, &tenant).await?, [tag_of(&tenant, "9"), tag_of(&tenant, "10")]);
    Ok(())
}

async fn a_stale_update_is_a_conflict(bench: Bench) {
    let tenant: TenantId = id("t");
    let outcome: Done = tx!(bench.store, [tenant], |tx| {
        let (mut group, mut role) = (group_of(&tenant, "group-1"), role_of(&tenant));
        let (mut assignment, mut tag) = (assignment_of(&tenant), tag_of(&tenant, "1"));
        group::insert(tx, &group).await?;
        role_definition::insert(tx, &role).await?;
        role_assignment::insert(tx, &assignment).await?;
        scope_tag::insert(tx, &tag).await?;
        (group.name, role.name) = ("New".into(), "New".into());
        (assignment.name, tag.name) = ("New".into(), "New".into());
        group::update(tx, &group).await?;
        role_definition::update(tx, &role).await?;
        role_assignment::update(tx, &assignment).await?;
        scope_tag::update(tx, &tag).await
    });
    outcome.unwrap();
    let stale = tx!(bench.store, [tenant], |tx| group::update(tx, &group_of(&tenant, "group-1")).await);
    assert_eq!(stale, Err(StoreError::Conflict));
    let stale = tx!(bench.store, [tenant], |tx| role_definition::update(tx, &role_of(&tenant)).await);
    assert_eq!(stale, Err(StoreError::Conflict));
    let stale = tx!(bench.store, [tenant], |tx| role_assignment::update(tx, &assignment_of(&tenant)).await);
    assert_eq!(stale, Err(StoreError::Conflict));
    let stale = tx!(bench.store, [tenant], |tx| scope_tag::update(tx, &tag_of(&tenant, "1")).await);
    assert_eq!(stale, Err(StoreError::Conflict));
}

async fn another_tenants_groups_and_roles_are_not_seen_or_changed(bench: Bench) {
    let outcome: Done = tx!(bench.store, [], |tx| two_tenants(tx).await);
    outcome.unwrap();
}

async fn two_tenants(tx: &mut Tx<'_>) -> Done {
    let (ours, theirs): (TenantId, TenantId) = (id("ours"), id("theirs"));
    let group = group_of(&ours, "group-1");
    group::insert(tx, &group).await?;
    group::add_member(tx, &ours, &group.id, &user("u")).await?;
    role_definition::insert(tx, &role_of(&ours)).await?;
    role_assignment::insert(tx, &assignment_of(&ours)).await?;
    scope_tag::insert(tx, &tag_of(&ours, "1")).await?;
    assert_eq!(group::get(tx, &theirs, &group.id).await?, None);
    assert_eq!(group::page(tx, &theirs, &all()).await?.items, []);
    assert_eq!(group::members(tx, &theirs, &group.id, "", 10).await?, []);
    assert_eq!(group::of_member_transitively(tx, &theirs, &user("u")).await?, Vec::<GroupId>::new());
    assert_eq!(role_definition::list(tx, &theirs).await?, []);
    assert_eq!(role_assignment::list(tx, &theirs).await?, []);
    assert_eq!(scope_tag::list(tx, &theirs).await?, []);
    assert!(!group::delete(tx, &theirs, &group.id).await?);
    assert!(!group::remove_member(tx, &theirs, &group.id, "u").await?);
    assert!(!role_definition::delete(tx, &theirs, &id("role-1")).await?);
    assert!(!role_assignment::delete(tx, &theirs, &id("assignment-1")).await?);
    assert!(!scope_tag::delete(tx, &theirs, "1").await?);
    assert_eq!(group::members(tx, &ours, &group.id, "", 10).await?, [user("u")]);
    Ok(())
}

fn all() -> PageQuery {
    PageQuery { limit: 100, ..PageQuery::default() }
}

async fn a_member_is_in_a_group_once_and_in_the_groups_around_it(bench: Bench) {
    let tenant: TenantId = id("t");
    let outcome: Done = tx!(bench.store, [tenant], |tx| {
        let (inside, around): (GroupId, GroupId) = (id("inside"), id("outer"));
        assert!(group::add_member(tx, &tenant, &inside, &user("u")).await?);
        assert!(!group::add_member(tx, &tenant, &inside, &user("u")).await?);
        group::add_member(tx, &tenant, &around, &inner("inside")).await?;
        assert_eq!(group::of_member(tx, &tenant, &user("u")).await?, [id("inside")]);
        let every: Vec<GroupId> = vec![id("inside"), id("outer")];
        assert_eq!(group::of_member_transitively(tx, &tenant, &user("u")).await?, every);
        // A device of the same name is somebody else.
        let device = Member { kind: MemberKind::Device, id: "u".into() };
        assert_eq!(group::of_member_transitively(tx, &tenant, &device).await?, Vec::<GroupId>::new());
        group::forget(tx, &tenant, &user("u")).await?;
        assert_eq!(group::of_member(tx, &tenant, &user("u")).await?, Vec::<GroupId>::new());
        Ok(())
    });
    outcome.unwrap();
}

async fn groups_in_a_circle_end(bench: Bench) {
    let tenant: TenantId = id("t");
    let outcome: Done = tx!(bench.store, [tenant], |tx| {
        for (around, inside) in [("a", "b"), ("b", "c"), ("c", "a")] {
            group::add_member(tx, &tenant, &id(around), &inner(inside)).await?;
        }
        group::add_member(tx, &tenant, &id("a"), &user("u")).await?;
        let every: Vec<GroupId> = vec![id("a"), id("b"), id("c")];
        assert_eq!(group::of_member_transitively(tx, &tenant, &user("u")).await?, every);
        Ok(())
    });
    outcome.unwrap();
}

async fn a_deleted_group_has_no_members_and_is_in_no_other(bench: Bench) {
    let tenant: TenantId = id("t");
    let outcome: Done = tx!(bench.store, [tenant], |tx| {
        let row = group_of(&tenant, "inside");
        group::insert(tx, &row).await?;
        group::add_member(tx, &tenant, &row.id, &user("u")).await?;
        group::add_member(tx, &tenant, &id("outer"), &inner("inside")).await?;
        assert!(group::delete(tx, &tenant, &row.id).await?);
        assert!(!group::delete(tx, &tenant, &row.id).await?);
        assert_eq!(group::members(tx, &tenant, &id("outer"), "", 10).await?, []);
        assert_eq!(group::of_member(tx, &tenant, &user("u")).await?, Vec::<GroupId>::new());
        Ok(())
    });
    outcome.unwrap();
}

async fn members_come_in_pages(bench: Bench) {
    let tenant: TenantId = id("t");
    let outcome: Done = tx!(bench.store, [tenant], |tx| {
        let group: GroupId = id("g");
        for name in ["c", "a", "d", "b"] {
            group::add_member(tx, &tenant, &group, &user(name)).await?;
        }
        let page = group::members(tx, &tenant, &group, "", 3).await?;
        assert_eq!(page, [user("a"), user("b"), user("c")]);
        assert_eq!(group::members(tx, &tenant, &group, "c", 3).await?, [user("d")]);
        Ok(())
    });
    outcome.unwrap();
}
