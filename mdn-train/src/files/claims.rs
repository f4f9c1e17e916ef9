//! Where results go: nowhere that a command reads from, keeps its state, or writes already.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Component, Path, PathBuf, is_separator};

use same_file::Handle;

use super::{
    Kind, WriteError, folder_of, remove_leftovers, target, why_unmade, write_atomically,
    write_in_its_place,
};

/// Why a result cannot go where it is to go.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// The file is one of the inputs.
    #[error("{}: is read by this command; its result needs another name", path.display())]
    Read {
        /// The result's path.
        path: PathBuf,
    },
    /// The file is what standard input is read from.
    #[error("{}: is the file of standard input; the result needs another name", path.display())]
    StandardInput {
        /// The result's path.
        path: PathBuf,
    },
    /// The file is part of the state of the command's own run.
    #[error("{}: is where the run keeps its state; the result needs another name", path.display())]
    Kept {
        /// The result's path.
        path: PathBuf,
    },
    /// Another result goes to the same file.
    #[error("{}: takes another result of this command; this one needs another name", path.display())]
    Claimed {
        /// The result's path.
        path: PathBuf,
    },
    /// A file is there that is no result of this program.
    #[error(
        "{}: is there already and is not {wanted}; choose another name, or replace it by --force",
        path.display()
    )]
    Foreign {
        /// The result's path.
        path: PathBuf,
        /// What the result may replace.
        wanted: &'static str,
    },
    /// The file may not be written to.
    #[error(
        "{}: is write-protected; choose another name, or replace it by --force",
        path.display()
    )]
    ReadOnly {
        /// The result's path.
        path: PathBuf,
    },
    /// In a folder of results a symbolic link has the name of one.
    #[error(
        "{}: is a symbolic link, which is not followed here; choose another name for the folder, or \
         replace the link by --force",
        path.display()
    )]
    Link {
        /// The link's path.
        path: PathBuf,
    },
    /// The folder for results cannot be made.
    #[error("cannot make {}: {}", path.display(), why_unmade(source))]
    Make {
        /// The folder.
        path: PathBuf,
        /// What the operating system reported.
        source: io::Error,
    },
    /// The file cannot be written at all.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// The files that one command reads, keeps and writes.
///
/// A file is known by what it is, not by its name alone: other spellings, symbolic links and hard
/// links of one file are that file.
#[derive(Debug)]
pub struct Claims {
    taken: Vec<Taken>,
    /// Folders that the command makes before it writes into them.
    to_come: Vec<PathBuf>,
    /// Whether results may replace files that this program did not make.
    forced: bool,
}

#[derive(Debug)]
struct Taken {
    place: Place,
    by: Use,
}

#[derive(Clone, Copy, Debug)]
enum Use {
    Read,
    StandardInput,
    Kept,
    Claimed,
}

impl Claims {
    /// The claims of a command that reads nothing yet, except perhaps standard input: where that
    /// comes from a file, no result goes there.
    pub fn new() -> Self {
        let mut claims = Claims {
            taken: Vec::new(),
            to_come: Vec::new(),
            forced: false,
        };
        claims.take(Place::of_standard_input(), Use::StandardInput);
        claims
    }

    /// Notes that the command reads the file at `path`.
    pub fn read(&mut self, path: &Path) {
        self.take(Place::of(path), Use::Read);
    }

    /// Notes that the command has a run in `folder`, which keeps its state in `files`. The folder
    /// need not exist: whoever begins the run makes it.
    pub fn keep(&mut self, folder: &Path, files: impl IntoIterator<Item = PathBuf>) {
        self.make(folder);
        for file in files {
            self.take(Place::of(&file), Use::Kept);
        }
    }

    /// Notes that the command makes `folder` before it writes into it, or says why it cannot.
    pub(super) fn make(&mut self, folder: &Path) {
        self.to_come.push(whole(folder));
    }

    /// From here on results may replace files that this program did not make, but for those that the
    /// command reads, keeps or writes itself.
    pub fn force(&mut self) {
        self.forced = true;
    }

    /// Claims the file at `path` for a result, before the work whose result it is.
    ///
    /// # Errors
    /// Where the file is read, kept or claimed already; where one is there that is neither empty nor
    /// a result of the same kind, or that this user may not write to; and where it could not be written:
    /// it is a folder, or its own folder does not exist or takes no new files.
    pub fn claim(
        &mut self,
        path: impl Into<PathBuf>,
        kind: Kind,
    ) -> Result<Destination, ClaimError> {
        self.claim_over(path.into(), Links::Followed, kind.name(), |path| {
            kind.is_of(path)
        })
    }

    /// Claims the file at `path`, which may replace another one that is `ours`.
    pub(super) fn claim_over(
        &mut self,
        path: PathBuf,
        links: Links,
        wanted: &'static str,
        ours: impl FnOnce(&Path) -> bool,
    ) -> Result<Destination, ClaimError> {
        let place = Place::of(&path);
        let taken = self.taken.iter().find(|taken| {
            let place = place.as_ref();
            place.is_some_and(|place| taken.place.is(place))
        });
        if let Some(taken) = taken {
            return Err(match taken.by {
                Use::Read => ClaimError::Read { path },
                Use::StandardInput => ClaimError::StandardInput { path },
                Use::Kept => ClaimError::Kept { path },
                Use::Claimed => ClaimError::Claimed { path },
            });
        }
        let found = links.metadata(&path).filter(|_| !self.forced);
        if let Some(found) = found {
            if found.is_symlink() {
                return Err(ClaimError::Link { path });
            }
            if found.is_file() && is_protected(&path, &found) {
                return Err(ClaimError::ReadOnly { path });
            }
            if found.is_file() && found.len() > 0 && !ours(&path) {
                return Err(ClaimError::Foreign { path, wanted });
            }
        }
        if let Err(source) = self.check_writable(&path, links) {
            return Err(WriteError { path, source }.into());
        }
        self.take(place, Use::Claimed);
        Ok(Destination { path, links })
    }

    fn take(&mut self, place: Option<Place>, by: Use) {
        self.taken.extend(place.map(|place| Taken { place, by }));
    }

    fn check_writable(&self, path: &Path, links: Links) -> io::Result<()> {
        let names_folder = path.to_string_lossy().ends_with(is_separator);
        let found = links.metadata(path);
        if names_folder || found.as_ref().is_some_and(fs::Metadata::is_dir) {
            return Err(ErrorKind::IsADirectory.into());
        }
        if found.is_some_and(|found| !found.is_file() && !found.is_symlink()) {
            // A pipe or a device: opening it might already be noticed at its other end.
            return Ok(());
        }
        let file = match links {
            Links::Followed => whole(path),
            Links::Replaced => path.to_owned(),
        };
        let folder = folder_of(&file);
        if folder.is_dir() {
            remove_leftovers(folder);
            return tempfile::tempfile_in(folder).map(drop);
        }
        let folder = whole(folder);
        match self.to_come.iter().any(|made| made.starts_with(&folder)) {
            true => Ok(()),
            false => Err(io::Error::new(
                ErrorKind::NotFound,
                "there is no such folder",
            )),
        }
    }
}

impl Default for Claims {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether this user may not write to the file, whatever those may who ignore permissions.
fn is_protected(path: &Path, found: &fs::Metadata) -> bool {
    found.permissions().readonly() || is_of_others(path)
}

#[cfg(target_os = "linux")]
fn is_of_others(path: &Path) -> bool {
    use rustix::fs::{Access, access};
    access(path, Access::WRITE_OK).is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
}

/// Only the system's mode is asked.
#[cfg(not(target_os = "linux"))]
fn is_of_others(_: &Path) -> bool {
    false
}

/// What becomes of a symbolic link in the place of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Links {
    /// The result goes where it points.
    Followed,
    /// The result takes its place, where that is forced.
    Replaced,
}

impl Links {
    fn metadata(self, path: &Path) -> Option<fs::Metadata> {
        let found = match self {
            Links::Followed => fs::metadata(path),
            Links::Replaced => fs::symlink_metadata(path),
        };
        found.ok()
    }
}

/// Where one result goes; only [`Claims::claim`] gives one.
#[derive(Debug)]
pub struct Destination {
    path: PathBuf,
    links: Links,
}

impl Destination {
    /// The path, as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the file whole, through a temporary file in the same folder.
    ///
    /// The bytes reach the disk before the name does: readers see the old file or the complete new
    /// one. A symbolic link keeps pointing where it did, also where there is no file yet, but for one in
    /// a [`ResultFolder`](super::ResultFolder), whose place the file takes. A path that names no regular
    /// file (a terminal, a pipe, `/dev/null`) cannot be replaced and is written to directly.
    ///
    /// # Errors
    /// When the folder is gone or cannot be written to, the disk is full, or `write` fails. Then
    /// the file is as it was before the call and no temporary file remains.
    pub fn write(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), WriteError> {
        match self.links {
            Links::Followed => write_atomically(&self.path, write),
            Links::Replaced => write_in_its_place(&self.path, write),
        }
    }
}

/// A regular file, or the name of one to come. Of devices, pipes and folders there is no place:
/// nothing in them can be replaced.
#[derive(Debug)]
struct Place {
    /// Without links, `.` and `..`.
    name: Option<PathBuf>,
    /// Held open, so that its number is given to no other file.
    file: Option<Handle>,
}

impl Place {
    fn of(path: &Path) -> Option<Self> {
        let found = fs::metadata(path);
        if found.as_ref().is_ok_and(|found| !found.is_file()) {
            return None;
        }
        Some(Place {
            name: Some(whole(path)),
            file: found.and_then(|_| Handle::from_path(path)).ok(),
        })
    }

    fn of_standard_input() -> Option<Self> {
        let input = Handle::stdin().ok()?;
        let is_file = input.as_file().metadata().ok()?.is_file();
        is_file.then_some(Place {
            name: None,
            file: Some(input),
        })
    }

    /// Whether both are one file. A name counts beside the file itself: a result replaces the file
    /// that had its name.
    fn is(&self, other: &Place) -> bool {
        let same_name = self.name.is_some() && self.name == other.name;
        same_name || self.file.is_some() && self.file == other.file
    }
}

/// The path without links, `.` and `..`, whether or not there is such a file or its folder.
fn whole(path: &Path) -> PathBuf {
    let Ok(path) = std::path::absolute(target(path)) else {
        return path.to_owned();
    };
    path.canonicalize().unwrap_or_else(|_| {
        let Some(folder) = path.parent() else {
            return path.clone();
        };
        let mut whole = whole(folder);
        match path.components().next_back() {
            Some(Component::Normal(name)) => whole.push(name),
            Some(Component::ParentDir) => {
                whole.pop();
            }
            _ => {}
        }
        whole
    })
}

#[cfg(test)]
mod tests;
