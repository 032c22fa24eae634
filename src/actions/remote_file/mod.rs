//! What the actions share that look at a file of a host, write it, and put it back.

mod back;
mod capture;
mod detail;
mod failing;
mod foreseen;
mod hash;
mod keep;
mod look;
mod metadata;
mod names;
mod pieces;
mod placement;
mod put;
mod seen;
mod validate;

pub use back::Undo;
pub use capture::capture;
pub use detail::{Changes, Content, Text};
pub use failing::{failed, verdict};
pub use hash::{Hasher, sha256};
pub use keep::{Kept, keep};
pub use look::{Access, Folder, Found, Kind, Left, Look, Me, Print, Question, SHOWN, There, folder_of};
pub use metadata::{Owned, mode_after};
pub use names::{aside, name_of, temporary};
pub use pieces::{PIECE, Pieces, put_pieces};
pub use placement::{DEST, GROUP, MODE, OWNER, Placement, VALIDATE};
pub use put::{arrived, arriving, change, change_fed, dress, put, try_name};
pub use seen::{New, Seen, file_there, holds, replaceable, writable};
pub use validate::filled;
