//! Zip files and the parts of compressed formats, without compressing anything: blocks stored as
//! they are make files that every reader takes, and no reason for another dependency.

/// The deflate format over `bytes`.
pub(crate) fn deflate(bytes: &[u8]) -> Vec<u8> {
    const LARGEST_BLOCK: usize = 0xffff;
    let blocks: Vec<&[u8]> =
        if bytes.is_empty() { vec![&[]] } else { bytes.chunks(LARGEST_BLOCK).collect() };
    let mut stream = Vec::with_capacity(bytes.len() + 5 * blocks.len());
    for (index, block) in blocks.iter().enumerate() {
        // A chunk is never longer than 16 bits can say.
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        stream.push(u8::from(index + 1 == blocks.len()));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend_from_slice(block);
    }
    stream
}

pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// A zip file. Names are bytes in whatever encoding the platform uses, and no flag says which.
pub(crate) fn zip(members: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    const LOCAL: [u8; 4] = *b"PK\x03\x04";
    const CENTRAL: [u8; 4] = *b"PK\x01\x02";
    const END: [u8; 4] = *b"PK\x05\x06";
    let mut file = Vec::new();
    let mut directory = Vec::new();
    for (name, content) in members {
        let stream = deflate(content);
        let offset = file.len() as u32;
        let head = member_head(name, content, stream.len());
        file.extend(LOCAL);
        file.extend(&head);
        file.extend_from_slice(name);
        file.extend(stream);
        directory.extend(CENTRAL);
        directory.extend(20_u16.to_le_bytes());
        directory.extend(&head);
        // Comment, disk, attributes: none.
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend_from_slice(name);
    }
    let (count, start) = (members.len() as u16, file.len() as u32);
    let size = directory.len() as u32;
    file.extend(directory);
    file.extend(END);
    file.extend([0; 4]);
    file.extend(count.to_le_bytes());
    file.extend(count.to_le_bytes());
    file.extend(size.to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend([0; 2]);
    file
}

/// The 26 bytes that the two heads of a member share.
fn member_head(name: &[u8], content: &[u8], packed: usize) -> Vec<u8> {
    const DEFLATED: u16 = 8;
    /// 1980-01-01, the first day that the format knows.
    const FIRST_DAY: u16 = 0x21;
    let mut head = Vec::with_capacity(26);
    for number in [20, 0, DEFLATED, 0, FIRST_DAY] {
        head.extend(number.to_le_bytes());
    }
    for number in [crc32(content), packed as u32, content.len() as u32] {
        head.extend(number.to_le_bytes());
    }
    head.extend((name.len() as u16).to_le_bytes());
    head.extend([0; 2]);
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_formats() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn long_content_is_cut_into_blocks() {
        let stream = deflate(&vec![7; 0x1_0000]);
        assert_eq!(&stream[..5], [0, 0xff, 0xff, 0, 0]);
        assert_eq!(&stream[5 + 0xffff..][..6], [1, 1, 0, 0xfe, 0xff, 7]);
        assert_eq!(deflate(b""), [1, 0, 0, 0xff, 0xff]);
    }

    #[test]
    fn the_directory_says_where_members_are() {
        let file = zip(&[(b"a".to_vec(), b"one".to_vec()), (b"b".to_vec(), b"two".to_vec())]);
        let end = &file[file.len() - 22..];
        assert_eq!((&end[..4], end[8], end[10]), (&b"PK\x05\x06"[..], 2, 2));
        let start = u32::from_le_bytes(end[16..20].try_into().unwrap()) as usize;
        let second = start + 46 + 1;
        let offset = u32::from_le_bytes(file[second + 42..][..4].try_into().unwrap()) as usize;
        assert_eq!(&file[offset..][..4], b"PK\x03\x04");
        assert_eq!(&file[offset + 30..][..1], b"b");
    }
}
