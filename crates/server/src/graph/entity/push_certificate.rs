//! `applePushNotificationCertificate`, one for a tenant.

use super::{EntityType, Property, date, text};

pub(crate) static PUSH_CERTIFICATE: EntityType =
    EntityType::new("microsoft.graph.applePushNotificationCertificate", &[GRAPH]);

const GRAPH: &[Property] = &[
    text("appleIdentifier"),
    text("certificate"),
    text("certificateSerialNumber").read_only().beta(),
    text("certificateUploadFailureReason").read_only(),
    text("certificateUploadStatus").read_only(),
    date("expirationDateTime").or_no_date().read_only(),
    date("lastModifiedDateTime").or_no_date().read_only(),
    text("topicIdentifier").read_only(),
];
