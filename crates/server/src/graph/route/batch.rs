//! Many requests in one.

use super::{Shape, routes};
use crate::graph::batch;

routes! {
    POST Any "$batch" => batch::run,
        "Batch up to 20 requests",
        Shape::batch().example(r#"{"requests":[{"id":"1","method":"GET","url":"/deviceManagement"}]}"#);
}
