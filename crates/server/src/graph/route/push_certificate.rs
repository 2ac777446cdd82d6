//! The MDM push certificate.

use super::{Answers, Shape, Simple, routes};
use crate::graph::entity::PUSH_CERTIFICATE;
use crate::graph::push_certificate;

routes! {
    GET ServiceConfigRead "deviceManagement/applePushNotificationCertificate" => push_certificate::get,
        "Get applePushNotificationCertificate", Shape::entity(&PUSH_CERTIFICATE);
    PATCH ServiceConfigReadWrite "deviceManagement/applePushNotificationCertificate" => push_certificate::update,
        "Update applePushNotificationCertificate", Shape::update(&PUSH_CERTIFICATE).confirmable();
    // Though a GET: the first request makes the key that it is about.
    GET ServiceConfigReadWrite "deviceManagement/applePushNotificationCertificate/downloadApplePushNotificationCertificateSigningRequest" => push_certificate::request,
        "downloadApplePushNotificationCertificateSigningRequest function",
        Shape::function(&[], Answers::Value(Simple::Text));
    POST ServiceConfigReadWrite "deviceManagement/applePushNotificationCertificate/generateApplePushNotificationCertificateSigningRequest" => push_certificate::request,
        "generateApplePushNotificationCertificateSigningRequest action",
        Shape::action(&[]).answering(Answers::Value(Simple::Text));
}
