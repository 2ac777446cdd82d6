//! The pages and what keeps strangers out of them, over HTTP as a browser speaks it.

mod attacks;
mod browser;
mod programs;
mod walks;
