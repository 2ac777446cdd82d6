//! Named places that the program passes between a write and what follows from it, for tests that end it there.

use std::fmt;
use std::sync::Arc;

/// Who is told of each place as it is passed. It may hold up the task that passes, or end the process.
pub trait Watch: Send + Sync {
    /// The program is at `point`, and goes on when this returns.
    fn passed(&self, point: &'static str);
}

/// A cloneable handle that the program tells where it is. By default nobody listens, and no setting of the program
/// changes that.
#[derive(Clone, Default)]
pub struct Points(Option<Arc<dyn Watch>>);

impl Points {
    /// Points that `watch` is told of.
    pub fn watched(watch: impl Watch + 'static) -> Points {
        Points(Some(Arc::new(watch)))
    }

    /// The program is at `point`.
    pub fn at(&self, point: &'static str) {
        if let Some(watch) = &self.0 {
            watch.passed(point);
        }
    }
}

impl fmt::Debug for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Points(watched)" } else { "Points" })
    }
}
