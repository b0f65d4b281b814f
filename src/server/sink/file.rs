//! One CloudEvent a line, appended to a file and flushed to the disk before it counts as delivered. The rule: one flush for
//! everything that came in during the one before; and half a line, which a full disk or a kill left behind, is ended before
//! the next one begins.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::Builder;

use tokio::sync::{mpsc, oneshot};

use super::half_line;
use super::rotate::{is_moved, is_same, rotate};
use crate::server::access::{can_append, folder_of};
use crate::server::config::FileSettings;

/// Most lines of one flush, and most that wait for it.
const BATCH: usize = 1024;

/// The file, as those who write hold it. The thread ends with the last of them.
#[derive(Debug, Clone)]
pub(in crate::server) struct FileSink {
    queue: mpsc::Sender<Entry>,
    settings: Arc<FileSettings>,
}

/// A line, which is written as the sink says that it came through: what a reload changed concerns what comes after it.
#[derive(Debug)]
struct Entry {
    line: String,
    settings: Arc<FileSettings>,
    told: oneshot::Sender<Result<(), String>>,
}

#[derive(Debug)]
struct Lines {
    path: PathBuf,
    file: File,
    length: u64,
    torn: bool,
}

impl FileSink {
    pub(super) fn open(settings: &FileSettings) -> Result<Self, String> {
        let named = |error: io::Error| unusable(settings, &error);
        let mut lines = Lines::open(settings.path.clone()).map_err(named)?;
        let (queue, mut entries) = mpsc::channel::<Entry>(BATCH);
        Builder::new().name("sink-file".into()).spawn(move || lines.take(&mut entries)).map_err(named)?;
        Ok(Self { queue, settings: Arc::new(settings.clone()) })
    }

    /// The same writer by other settings, if they name the very file that it writes: two writers of one file would not see
    /// each other's half lines, and would both make room. What a log rotation moved away is still its file by name.
    pub(super) fn go_on(&self, settings: &FileSettings) -> Option<Self> {
        let same = self.settings.path == settings.path || is_same(&self.settings.path, &settings.path);
        same.then(|| Self { queue: self.queue.clone(), settings: Arc::new(settings.clone()) })
    }

    pub(super) async fn write(&self, line: String) -> Result<(), String> {
        let ended = || "a thread that has ended".to_owned();
        let (told, written) = oneshot::channel();
        let settings = Arc::clone(&self.settings);
        self.queue.send(Entry { line, settings, told }).await.map_err(|_| ended())?;
        written.await.unwrap_or_else(|_| Err(ended()))
    }
}

/// Whether it could be opened, which leaves no trace.
pub(super) fn attempt(settings: &FileSettings) -> Result<(), String> {
    can_append(&settings.path).map_err(|error| unusable(settings, &error))
}

fn unusable(settings: &FileSettings, error: &io::Error) -> String {
    format!("expected to append to {}, but found {error}", settings.path.display())
}

impl Lines {
    fn open(path: PathBuf) -> io::Result<Self> {
        let (file, length, torn) = open(&path, None)?;
        Ok(Self { path, file, length, torn })
    }

    /// Writes what comes, until nobody can send any more.
    fn take(&mut self, entries: &mut mpsc::Receiver<Entry>) {
        let mut batch = Vec::with_capacity(BATCH);
        while entries.blocking_recv_many(&mut batch, BATCH) > 0 {
            // Whoever no longer waits tries again, and would find the line there twice.
            batch.retain(|entry| !entry.told.is_closed());
            let written = self.append(batch.iter().map(|entry| (entry.line.as_str(), &*entry.settings)));
            for entry in batch.drain(..) {
                let _ = entry.told.send(written.as_ref().map_err(ToString::to_string).copied());
            }
        }
    }

    /// Appends whole lines and flushes them. After an error some may be there.
    fn append<'a>(&mut self, lines: impl Iterator<Item = (&'a str, &'a FileSettings)>) -> io::Result<()> {
        if is_moved(&self.file, &self.path) {
            self.reopen()?;
        }
        let mut together = String::new();
        for (line, settings) in lines {
            let after = self.length.saturating_add(size(&together)).saturating_add(size(line));
            let full = settings.rotate.is_some_and(|largest| after > largest);
            if full && (self.length > 0 || !together.is_empty()) {
                self.flush(&together)?;
                together.clear();
                rotate(&self.path, settings.keep)?;
                self.reopen()?;
            }
            together.push_str(line);
        }
        self.flush(&together)
    }

    fn flush(&mut self, lines: &str) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        if std::mem::replace(&mut self.torn, true) {
            self.file.write_all(b"\n")?;
        }
        self.file.write_all(lines.as_bytes())?;
        self.torn = false;
        self.length = self.length.saturating_add(size(lines));
        self.file.sync_data()
    }

    fn reopen(&mut self) -> io::Result<()> {
        // Whoever may read the file may read the next one.
        let mode = self.file.metadata()?.permissions();
        (self.file, self.length, self.torn) = open(&self.path, Some(mode))?;
        Ok(())
    }
}

/// The file, how long it is, and whether it ends within a line. One that was not there is for nobody else's eyes, unless
/// the one before it was for others.
fn open(path: &Path, mode: Option<Permissions>) -> io::Result<(File, u64, bool)> {
    let mut options = OpenOptions::new();
    options.read(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = match options.clone().create_new(true).open(path) {
        Ok(file) => {
            mode.map_or(Ok(()), |mode| file.set_permissions(mode))?;
            file
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => options.create(true).open(path)?,
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    if length == 0 {
        // A name that is new is on the disk when its folder is.
        File::open(folder_of(path))?.sync_all()?;
    }
    let torn = half_line::ends_a_file(&mut file)?;
    Ok((file, length, torn))
}

fn size(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(path: &Path, rotate: Option<u64>) -> FileSettings {
        FileSettings { path: path.to_owned(), rotate, keep: 2 }
    }

    fn append(lines: &mut Lines, rotate: Option<u64>, added: &[&str]) {
        let settings = settings(&lines.path, rotate);
        lines.append(added.iter().map(|line| (*line, &settings))).unwrap();
    }

    fn at(path: &Path) -> Lines {
        Lines::open(path.to_owned()).unwrap()
    }

    fn text(path: &Path, more: &str) -> String {
        std::fs::read_to_string(format!("{}{more}", path.display())).unwrap_or_default()
    }

    #[test]
    fn half_a_line_does_not_swallow_the_next_event() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events");
        std::fs::write(&path, "{\"whole\":1}\n{\"ha").unwrap();
        append(&mut at(&path), None, &["{\"next\":1}\n"]);
        append(&mut at(&path), None, &["{\"last\":1}\n"]);
        assert_eq!(text(&path, ""), "{\"whole\":1}\n{\"ha\n{\"next\":1}\n{\"last\":1}\n");
    }

    #[test]
    fn a_full_file_makes_room_and_no_line_is_cut_or_lost_but_the_oldest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events");
        let mut lines = at(&path);
        // A line that is larger than the limit has a file of its own.
        append(&mut lines, Some(8), &["1st\n", "2nd\n", "3rd\n", "a long one\n", "5th\n"]);
        assert_eq!([text(&path, ""), text(&path, ".1"), text(&path, ".2")], ["5th\n", "a long one\n", "3rd\n"]);
        assert!(!folder.path().join("events.3").exists(), "only as many as are kept");
        drop(lines);
        // A new start goes on where the file was.
        append(&mut at(&path), Some(8), &["6th\n", "7th\n"]);
        assert_eq!([text(&path, ""), text(&path, ".1")], ["7th\n", "5th\n6th\n"]);
    }

    #[test]
    fn a_file_that_was_moved_away_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let (path, away) = (folder.path().join("events"), folder.path().join("away"));
        let mut lines = at(&path);
        append(&mut lines, None, &["1st\n"]);
        std::fs::rename(&path, &away).unwrap();
        append(&mut lines, None, &["2nd\n"]);
        std::fs::rename(&path, folder.path().join("further")).unwrap();
        std::fs::write(&path, "another's\n").unwrap();
        append(&mut lines, None, &["3rd\n"]);
        assert_eq!([text(&away, ""), text(&path, "")], ["1st\n", "another's\n3rd\n"]);
        assert_eq!(text(&folder.path().join("further"), ""), "2nd\n");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_what_is_written_unless_they_were_let() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let mut lines = at(&path);
        append(&mut lines, Some(8), &["1st\n"]);
        assert_eq!(mode(&path), 0o600);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o664)).unwrap();
        append(&mut lines, Some(8), &["2nd\n", "3rd\n"]);
        assert_eq!(text(&path, ""), "3rd\n", "it made room");
        assert_eq!([mode(&path), mode(&folder.path().join("events.1"))], [0o664; 2], "whatever the mask is");
        std::fs::rename(&path, folder.path().join("away")).unwrap();
        append(&mut lines, None, &["4th\n"]);
        assert_eq!(mode(&path), 0o664);
    }

    #[test]
    fn a_line_that_nobody_waits_for_any_more_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events");
        let (queue, mut entries) = mpsc::channel(4);
        let mut waiting = Vec::new();
        for line in ["1st\n", "2nd\n", "3rd\n"] {
            let (told, written) = oneshot::channel();
            let settings = Arc::new(settings(&path, None));
            queue.try_send(Entry { line: line.to_owned(), settings, told }).unwrap();
            waiting.push(written);
        }
        drop(waiting.remove(1));
        drop(queue);
        at(&path).take(&mut entries);
        assert_eq!(text(&path, ""), "1st\n3rd\n");
        assert!(waiting.into_iter().all(|written| written.blocking_recv() == Ok(Ok(()))));
    }

    #[tokio::test]
    async fn one_file_has_one_writer_across_a_reload_and_a_log_rotation() {
        let folder = tempfile::tempdir().unwrap();
        let (path, away) = (folder.path().join("events"), folder.path().join("events.away"));
        let old = FileSink::open(&settings(&path, None)).unwrap();
        old.write("1st\n".into()).await.unwrap();
        std::fs::rename(&path, &away).unwrap();
        // Between a rotation and the next line the file is not there, and it is still its file.
        let new = old.go_on(&settings(&path, Some(8))).expect("the same file");
        assert!(new.queue.same_channel(&old.queue));
        new.write("2nd\n".into()).await.unwrap();
        old.write("3rd, which is in flight\n".into()).await.unwrap();
        assert_eq!(text(&path, ""), "2nd\n3rd, which is in flight\n", "the old one makes no room");
        new.write("4th\n".into()).await.unwrap();
        assert_eq!([text(&path, ""), text(&away, "")], ["4th\n", "1st\n"]);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(new.go_on(&settings(&link, None)).is_some(), "another name of the same file");
        assert!(new.go_on(&settings(&away, None)).is_none(), "another file");
    }
}
