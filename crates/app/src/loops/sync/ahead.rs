//! Reads the pages of a run ahead of those who store them.
//!
//! Apple is asked for one page at a time, but need not wait for our disk: while pages are on their way to it, the next one
//! is asked for. What has piled up by then is stored as one. What a crash loses of it is read again from the cursor.

use apple::AdeError;
use apple::ade::{Client, CursorProblem};
use domain::Serial;
use domain::sync::{After, Counts, Page, PageRead, Phase, after_page, fold_page};
use mdm::ade::{Device, FetchDeviceResponse, UnreadableDevice};
use tokio::sync::mpsc;

use super::Step;
use crate::App;
use crate::points::Point;

/// Pages that were read and are not on their way to the disk, and pages that are stored as one: of a thousand devices,
/// some megabyte each.
pub(super) const PAGES: usize = 8;

/// Reads a run's pages, one after the other and one at a time, and hands them on with what ended them.
pub(super) async fn read_ahead(app: &App, client: &Client, mut step: Step, found: mpsc::Sender<Found>) {
    loop {
        let read = match ask(app, client, &step).await {
            Ok(read) => read,
            Err(error) => {
                // Who stores has gone: then nobody asks.
                let _ = found.send(Found::Trouble(error)).await;
                return;
            }
        };
        app.at(Point::SyncPageRead);
        let told = read.told(Counts::default());
        let after = after_page(&mut step.state, &mut step.run, &told, app.now(), &app.limits);
        let ends_pass = matches!(after, After::PassComplete | After::PassIncomplete);
        if found.send(Found::Page { read, ends_pass }).await.is_err() || after == After::Ended {
            return;
        }
    }
}

/// What the reader found.
pub(super) enum Found {
    /// A page.
    Page {
        read: Read,
        /// It is the last of the complete list.
        ends_pass: bool,
    },
    /// Apple refused or did not answer.
    Trouble(AdeError),
}

/// What is stored as one.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) pages: Vec<Read>,
    /// What came after them instead of another page.
    pub(super) trouble: Option<AdeError>,
}

impl Batch {
    /// What is there by now: not beyond the end of the complete list, as what follows is judged by what it held.
    pub(super) fn of(first: Found, finds: &mut mpsc::Receiver<Found>) -> Batch {
        let mut batch = Batch::default();
        let mut found = Some(first);
        while let Some(next) = found {
            match next {
                Found::Page { read, ends_pass } => {
                    batch.pages.push(read);
                    if ends_pass || batch.pages.len() == PAGES {
                        break;
                    }
                }
                Found::Trouble(error) => {
                    batch.trouble = Some(error);
                    break;
                }
            }
            found = finds.try_recv().ok();
        }
        batch
    }
}

/// One page, as far as it is read from Apple.
pub(super) struct Read {
    pub(super) page: Page,
    pub(super) unreadable: Vec<UnreadableDevice>,
    seen: u32,
    cursor: String,
    more: bool,
    exhausted: bool,
}

impl Read {
    /// What it says of the list, its devices aside; `changes` are what they came to.
    pub(super) fn told(&self, changes: Counts) -> PageRead {
        let counts = Counts {
            seen: self.seen,
            unreadable: self.page.unreadable,
            nameless: self.page.nameless,
            ..changes
        };
        PageRead { cursor: self.cursor.clone(), more: self.more, exhausted: self.exhausted, counts }
    }
}

async fn ask(app: &App, client: &Client, step: &Step) -> Result<Read, AdeError> {
    let cursor = step.state.cursor.as_ref().map(|cursor| cursor.value.as_str());
    let limit = app.limits.sync_page;
    let answer = match (step.run.phase, cursor) {
        (Phase::Sync, Some(cursor)) => client.sync_devices(cursor, limit).await,
        (Phase::Fetch, cursor) => client.fetch_devices(cursor, limit).await,
        (Phase::Sync, None) => client.fetch_devices(None, limit).await,
    };
    match answer {
        Ok(answer) => Ok(read(answer)),
        // So a complete list may end. But of one that was not begun nothing can have been given: taken at its word, all
        // devices were gone. And what changed has no end: taken at its word, what changes from now on is not seen.
        Err(AdeError::Cursor { problem: CursorProblem::Exhausted, .. })
            if cursor.is_some() && step.run.phase == Phase::Fetch =>
        {
            Ok(Read {
                page: Page::default(),
                unreadable: Vec::new(),
                seen: 0,
                cursor: String::new(),
                more: false,
                exhausted: true,
            })
        }
        Err(error) => Err(error),
    }
}

fn read(answer: FetchDeviceResponse) -> Read {
    let seen = answer.devices.len().saturating_add(answer.unreadable.len());
    let is_unusable = |device: &&Device| device.serial_number.parse::<Serial>().is_err();
    let unusable = answer.devices.iter().filter(is_unusable).count();
    let page = fold_page(answer.devices).with_unreadable(&answer.unreadable);
    let mut unreadable = answer.unreadable;
    unreadable.extend((0..unusable).map(|_| UnreadableDevice {
        serial_number: None,
        why: "serial_number: takes letters and digits".to_owned(),
    }));
    Read {
        page,
        unreadable,
        seen: u32::try_from(seen).unwrap_or(u32::MAX),
        cursor: answer.cursor,
        more: answer.more_to_follow,
        exhausted: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(cursor: &str, ends_pass: bool) -> Found {
        let read = Read {
            page: Page::default(),
            unreadable: Vec::new(),
            seen: 0,
            cursor: cursor.to_owned(),
            more: !ends_pass,
            exhausted: false,
        };
        Found::Page { read, ends_pass }
    }

    /// The cursors of each batch that is made of what was found, and whether trouble came after it.
    fn batches(found: Vec<Found>) -> Vec<(Vec<String>, bool)> {
        let (sender, mut finds) = mpsc::channel(found.len().max(1));
        found.into_iter().for_each(|found| sender.try_send(found).ok().unwrap());
        let mut made = Vec::new();
        while let Ok(first) = finds.try_recv() {
            let batch = Batch::of(first, &mut finds);
            made.push((batch.pages.into_iter().map(|read| read.cursor).collect(), batch.trouble.is_some()));
        }
        made
    }

    #[test]
    fn nothing_is_stored_as_one_beyond_the_end_of_the_complete_list() {
        let found = vec![page("a", false), page("b", true), page("c", false)];
        assert_eq!(batches(found), [(vec!["a".into(), "b".into()], false), (vec!["c".into()], false)]);
    }

    #[test]
    fn what_came_before_the_trouble_is_stored() {
        let trouble = Found::Trouble(AdeError::Protocol { words: "half a page".into() });
        let found = vec![page("a", false), trouble];
        assert_eq!(batches(found), [(vec!["a".into()], true)]);
    }

    #[test]
    fn no_more_pages_than_the_limit_are_stored_as_one() {
        let found = (0..PAGES + 1).map(|n| page(&n.to_string(), false)).collect();
        let sizes: Vec<usize> = batches(found).iter().map(|(pages, _)| pages.len()).collect();
        assert_eq!(sizes, [PAGES, 1]);
    }
}
