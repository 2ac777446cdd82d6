//! The singleton `/deviceManagement`.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::call::Call;
use super::entity::DEVICE_MANAGEMENT;
use super::error::ApiError;

/// `intuneAccountId` has to be a GUID, and a tenant's id need not be one: a stable GUID is made of its hash.
fn account_id(tenant: &str) -> String {
    let mut bytes = [0; 16];
    for (byte, hash) in bytes.iter_mut().zip(pki::digest::sha256(tenant.as_bytes())) {
        *byte = hash;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

pub(crate) async fn get(call: Call) -> Result<Answer, ApiError> {
    let known = [
        ("id", json!(account_id(call.actor.tenant.as_str()))),
        ("intuneAccountId", json!(account_id(call.actor.tenant.as_str()))),
        ("maximumDepTokens", json!(call.app.limits.tokens)),
        ("settings", json!({ "deviceComplianceCheckinThresholdDays": 30 })),
    ];
    let known: Map<String, Value> = known.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    call.entity(&DEVICE_MANAGEMENT, DEVICE_MANAGEMENT.complete(known), &[])
}

/// Nothing in it can be changed; what a client sends is passed over, as read-only properties are.
pub(crate) async fn update(call: Call) -> Result<Answer, ApiError> {
    call.properties(&DEVICE_MANAGEMENT)?;
    get(call).await
}
