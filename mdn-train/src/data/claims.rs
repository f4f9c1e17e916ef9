//! Lengths that an Arrow file claims, checked before its reader takes memory for them.
//!
//! The reader believes the footer, the messages and the length before each compressed buffer, and ends
//! the whole program where there is not so much memory. On success every block lies within the file,
//! and its buffers unpack to no more than `most` bytes together. What else may be wrong is left to the
//! reader.

use arrow_ipc::reader::read_footer_length;
use arrow_ipc::{Block, MessageHeader, RecordBatch, root_as_footer, root_as_message};

/// The end of a file: the length of the footer, and the magic.
const TRAILER: usize = 10;
const CONTINUATION: [u8; 4] = [0xff; 4];

type Checked<T = ()> = Result<T, String>;

/// Checks a file with a footer.
pub(super) fn check_file(bytes: &[u8], most: usize) -> Checked {
    let (front, trailer) = bytes.split_last_chunk::<TRAILER>().ok_or_else(cut_off)?;
    let len = read_footer_length(*trailer).map_err(|error| error.to_string())?;
    let start = front.len().checked_sub(len).ok_or_else(cut_off)?;
    let footer = root_as_footer(&front[start..]).map_err(|error| error.to_string())?;
    let lists = [footer.dictionaries(), footer.recordBatches()];
    let mut left = most;
    for block in lists.iter().flatten().flat_map(|list| list.iter()) {
        check_block(bytes, block, &mut left)?;
    }
    Ok(())
}

/// Checks a stream: one message after the other.
pub(super) fn check_stream(mut bytes: &[u8], most: usize) -> Checked {
    let mut left = most;
    while let Some((mut len, mut rest)) = bytes.split_first_chunk::<4>() {
        if *len == CONTINUATION {
            (len, rest) = rest.split_first_chunk().ok_or_else(cut_off)?;
        }
        let len = usize::try_from(i32::from_le_bytes(*len)).map_err(|_| cut_off())?;
        if len == 0 {
            break;
        }
        let (message, rest) = rest.split_at_checked(len).ok_or_else(cut_off)?;
        let body = check_message(message, rest, &mut left)?;
        bytes = rest.get(body..).ok_or_else(cut_off)?;
    }
    Ok(())
}

fn cut_off() -> String {
    "the file is cut off".to_owned()
}

fn check_block(bytes: &[u8], block: &Block, left: &mut usize) -> Checked {
    let lengths = [
        block.offset(),
        block.metaDataLength().into(),
        block.bodyLength(),
    ];
    let [Ok(start), Ok(metadata), Ok(body)] = lengths.map(usize::try_from) else {
        return Err(cut_off());
    };
    let block = bytes.get(start..).ok_or_else(cut_off)?;
    let (message, rest) = block.split_at_checked(metadata).ok_or_else(cut_off)?;
    let rest = rest.get(..body).ok_or_else(cut_off)?;
    let front = if message.starts_with(&CONTINUATION) {
        8
    } else {
        4
    };
    check_message(message.get(front..).ok_or_else(cut_off)?, rest, left).map(drop)
}

/// Checks what a message says of its body, which begins `rest`; returns the body's length.
fn check_message(message: &[u8], rest: &[u8], left: &mut usize) -> Checked<usize> {
    let message = root_as_message(message).map_err(|error| error.to_string())?;
    let body = usize::try_from(message.bodyLength()).map_err(|_| cut_off())?;
    let body = rest.get(..body).ok_or_else(cut_off)?;
    let batch = match message.header_type() {
        MessageHeader::RecordBatch => message.header_as_record_batch(),
        MessageHeader::DictionaryBatch => message
            .header_as_dictionary_batch()
            .and_then(|dictionary| dictionary.data()),
        _ => None,
    };
    if let Some(batch) = batch.filter(|batch| batch.compression().is_some()) {
        check_buffers(&batch, body, left)?;
    }
    Ok(body.len())
}

/// Takes the lengths before the compressed buffers off what is `left`; −1 stands for plain ones.
fn check_buffers(batch: &RecordBatch<'_>, body: &[u8], left: &mut usize) -> Checked {
    for buffer in batch.buffers().iter().flat_map(|buffers| buffers.iter()) {
        let start = usize::try_from(buffer.offset()).map_err(|_| cut_off())?;
        let prefix = body.get(start..).and_then(|rest| rest.first_chunk());
        let claimed = prefix.map_or(0, |prefix| i64::from_le_bytes(*prefix));
        let claimed = usize::try_from(claimed).unwrap_or(0);
        *left = left
            .checked_sub(claimed)
            .ok_or("a buffer claims to unpack to more than it can")?;
    }
    Ok(())
}
