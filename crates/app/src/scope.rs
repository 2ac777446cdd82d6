//! What the work inside one transaction is done with and for, and what exists for whom it is done.
//!
//! Devices, profiles and everything else under a token have its scope tags (L14): whoever does not see the token, sees
//! none of it. Use cases ask by [`Scope::of`], so that what an administrator may not see is not found, not listed and not
//! counted; this server's own work sees everything ([`Scope::new`]).

use std::time::Duration;

use domain::access::Sight;
use domain::token::Token;
use domain::{CommandId, ManagedDeviceId, TenantId, Time, TokenId};
use query::{Kind, Param, Property, Term, Test};
use store::{PageQuery, Tx};

use crate::{Actor, App, AppError, Result};

/// One tenant at one moment. Cheap to clone: a transaction that runs again starts from the same.
#[derive(Clone)]
pub(crate) struct Scope {
    pub(crate) app: App,
    pub(crate) tenant: TenantId,
    pub(crate) now: Time,
    pub(crate) sight: Sight,
}

impl Scope {
    /// For this server's own work.
    pub(crate) fn new(app: &App, tenant: &TenantId) -> Self {
        Self { app: app.clone(), tenant: tenant.clone(), now: app.now(), sight: Sight::Everything }
    }

    /// For what somebody asks for.
    pub(crate) fn of(app: &App, actor: &Actor) -> Self {
        Self { sight: actor.rights.sight.clone(), ..Self::new(app, &actor.tenant) }
    }

    /// Whether the token exists for whom this is done.
    pub(crate) fn sees(&self, token: &Token) -> bool {
        self.sight.sees(&token.scope_tags)
    }

    /// The tokens that exist for whom this is done.
    pub(crate) async fn tokens(&self, tx: &mut Tx<'_>) -> Result<Vec<Token>> {
        let mut tokens = store::token::list(tx, &self.tenant).await?;
        tokens.retain(|token| self.sees(token));
        Ok(tokens)
    }

    /// Whether what stands under that token exists for whom this is done. What is left of a deleted token is seen by
    /// whom nothing is hidden from.
    pub(crate) async fn sees_under(&self, tx: &mut Tx<'_>, token: &TokenId) -> Result<bool> {
        if self.sight == Sight::Everything {
            return Ok(true);
        }
        let token = store::token::get(tx, &self.tenant, token).await?;
        Ok(token.is_some_and(|token| self.sees(&token)))
    }

    /// The same list, of what exists for whom this is done; `token` is where a row's token is.
    pub(crate) async fn narrowed(
        &self,
        tx: &mut Tx<'_>,
        token: &'static str,
        query: PageQuery,
    ) -> Result<PageQuery> {
        if self.sight == Sight::Everything {
            return Ok(query);
        }
        let seen = self.tokens(tx).await?;
        let within = among(token, seen.into_iter().map(|token| Param::Text(token.id.to_string())).collect());
        let filter = match query.filter {
            Some(asked) => Test::And(vec![asked, within]),
            None => within,
        };
        Ok(PageQuery { filter: Some(filter), ..query })
    }

    /// A new `CommandUUID`.
    pub(crate) fn command_id(&self) -> Result<CommandId> {
        fresh()
    }

    /// A new id for a managed device.
    pub(crate) fn managed_device_id(&self) -> ManagedDeviceId {
        self.app.new_id()
    }

    pub(crate) fn in_future(&self, span: Duration) -> Time {
        self.now.plus(span)
    }
}

/// A filter for some values of one property.
fn among(property: &'static str, values: Vec<Param>) -> Test {
    if values.is_empty() {
        return Test::Constant(false);
    }
    let property = Property {
        scope: 0,
        path: vec![property],
        kind: Kind::String,
        ignore_case: false,
        casts: Vec::new(),
    };
    Test::In(Term::Property(property), values, false)
}

/// A new id: a UUID of version 7, upper case as Apple writes them.
pub(crate) fn fresh<T: TryFrom<String>>() -> Result<T> {
    let text = uuid::Uuid::now_v7().hyphenated().to_string().to_ascii_uppercase();
    T::try_from(text).map_err(|_| AppError::internal("a fresh id was not accepted"))
}
