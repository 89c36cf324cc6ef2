//! Reads one leaf column chunk: levels and values, batch by batch, within bounds.
//!
//! It must never hold more than one batch, and must not believe the file on how large a batch becomes: a record may
//! declare any number of values, and a short page may expand to any number of bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, FloatType,
    Int32Type, Int64Type, Int96, Int96Type,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::schema::types::ColumnDescPtr;

use super::flat::Flat;
use super::source::Source;
use super::survey::Survey;

/// Records decoded in one step; a batch is made of several.
const STEP: usize = 8192;
/// Bytes of text that one step aims at.
const STEP_BYTES: usize = 16 << 20;
/// Bytes of text that a batch of one column may hold.
const MAX_BATCH_BYTES: usize = 1 << 30;
/// Values that the pages of one step of a repeated column may hold: what a single record may expand to.
const MAX_STEP_LEVELS: u64 = 1 << 26;

/// A value's own share of memory beyond its place in the vector.
pub(super) trait Weight {
    fn weight(&self) -> usize {
        0
    }
}

impl Weight for bool {}
impl Weight for i32 {}
impl Weight for i64 {}
impl Weight for Int96 {}
impl Weight for f32 {}
impl Weight for f64 {}
impl Weight for ByteArray {
    fn weight(&self) -> usize {
        self.len()
    }
}
impl Weight for FixedLenByteArray {
    fn weight(&self) -> usize {
        self.len()
    }
}

/// A leaf column chunk of physical type `T` and the batch that was read from it last.
pub(super) struct TypedLeaf<T: DataType> {
    reader: ColumnReaderImpl<T>,
    handed_out: Arc<AtomicU64>,
    /// The values of the batch that are present.
    pub(super) values: Vec<T::T>,
    /// Definition levels; empty when the column is required throughout.
    pub(super) definitions: Vec<i16>,
    /// Repetition levels; empty when the column is not repeated.
    pub(super) repetitions: Vec<i16>,
    pub(super) descriptor: ColumnDescPtr,
    step: usize,
    /// All values are slices of one dictionary: however often they stand in a batch, they take their bytes once.
    shared: bool,
}

impl<T: DataType> TypedLeaf<T>
where
    T::T: Weight,
{
    pub(super) fn open(
        source: &Arc<Source>,
        chunk: &ColumnChunkMetaData,
        rows: usize,
        survey: &Survey,
    ) -> Result<Self, ParquetError> {
        let handed_out = Arc::new(AtomicU64::new(0));
        let inner = SerializedPageReader::new(Arc::clone(source), chunk, rows, None)?;
        let descriptor = chunk.column_descr_ptr();
        let limit = if descriptor.max_rep_level() > 0 { MAX_STEP_LEVELS } else { u64::MAX };
        let pages = BoundedPages { inner, handed_out: Arc::clone(&handed_out), limit };
        Ok(TypedLeaf {
            reader: ColumnReaderImpl::new(Arc::clone(&descriptor), Box::new(pages)),
            handed_out,
            values: Vec::new(),
            definitions: Vec::new(),
            repetitions: Vec::new(),
            descriptor,
            step: 16,
            shared: survey.dictionary && survey.encoding.is_none(),
        })
    }

    /// Forgets the last batch.
    pub(super) fn clear(&mut self) {
        self.values.clear();
        self.definitions.clear();
        self.repetitions.clear();
    }

    /// Reads the next `records` records after forgetting the last batch; returns how many there were.
    pub(super) fn next(&mut self, records: usize) -> Result<usize, ParquetError> {
        self.clear();
        let (mut read, mut weight) = (0, 0usize);
        while read < records {
            let before = self.values.len();
            let got = self.step(records - read)?;
            if got == 0 {
                break;
            }
            read += got;
            let added: usize = self.values.iter().skip(before).map(Weight::weight).sum();
            weight += added;
            if weight > MAX_BATCH_BYTES && !self.shared {
                return Err(ParquetError::General(format!(
                    "{records} records expand to more than {MAX_BATCH_BYTES} bytes"
                )));
            }
            // The next step is as large as this one's values allow, so that no step expands without measure.
            self.step = (STEP_BYTES / (added / got).max(1)).clamp(1, STEP);
        }
        Ok(read)
    }

    /// Decodes all that is left, keeping nothing; returns the number of records.
    pub(super) fn drain(&mut self, records: usize) -> Result<usize, ParquetError> {
        let mut read = 0;
        while read < records {
            self.clear();
            match self.step(records - read)? {
                0 => break,
                got => read += got,
            }
            self.step = STEP;
        }
        self.clear();
        Ok(read)
    }

    /// Steps over `records` records without decoding more than it has to; returns how many there were.
    pub(super) fn skip(&mut self, records: usize) -> Result<usize, ParquetError> {
        // Of a flat column whole pages are stepped over, whatever they hold.
        let most = if self.descriptor.max_rep_level() == 0 { records } else { STEP };
        let mut skipped = 0;
        while skipped < records {
            self.handed_out.store(0, Ordering::Relaxed);
            match self.reader.skip_records(most.min(records - skipped))? {
                0 => break,
                got => skipped += got,
            }
        }
        Ok(skipped)
    }

    /// Forgets the last batch and gives its memory back.
    pub(super) fn forget(&mut self) {
        (self.values, self.definitions, self.repetitions) = (Vec::new(), Vec::new(), Vec::new());
    }

    fn step(&mut self, records: usize) -> Result<usize, ParquetError> {
        self.handed_out.store(0, Ordering::Relaxed);
        let (records, _, _) = self.reader.read_records(
            records.min(self.step),
            Some(&mut self.definitions),
            Some(&mut self.repetitions),
            &mut self.values,
        )?;
        Ok(records)
    }
}

/// Hands pages out and counts the values in them, so that one record cannot expand to any number of levels.
struct BoundedPages {
    inner: SerializedPageReader<Source>,
    handed_out: Arc<AtomicU64>,
    limit: u64,
}

impl Iterator for BoundedPages {
    type Item = Result<Page, ParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for BoundedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>, ParquetError> {
        let page = self.inner.get_next_page()?;
        if let Some(page) = page.as_ref().filter(|page| page.is_data_page()) {
            let values = u64::from(page.num_values());
            let total = self.handed_out.fetch_add(values, Ordering::Relaxed) + values;
            if total > self.limit {
                return Err(ParquetError::General(format!("a record holds more than {} values", self.limit)));
            }
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>, ParquetError> {
        // What a page of version 2 says of its records may be wrong, and nobody would see it: they are counted.
        let page = self.inner.peek_next_page()?;
        Ok(page.map(|page| PageMetadata { num_rows: None, ..page }))
    }

    fn skip_next_page(&mut self) -> Result<(), ParquetError> {
        self.inner.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool, ParquetError> {
        self.inner.at_record_boundary()
    }
}

/// A leaf column chunk of any physical type.
pub(super) enum Leaf {
    Bool(TypedLeaf<BoolType>),
    Int32(TypedLeaf<Int32Type>),
    Int64(TypedLeaf<Int64Type>),
    Int96(TypedLeaf<Int96Type>),
    Float(TypedLeaf<FloatType>),
    Double(TypedLeaf<DoubleType>),
    Bytes(TypedLeaf<ByteArrayType>),
    Text(Flat),
    Fixed(TypedLeaf<FixedLenByteArrayType>),
}

/// Evaluates an expression on the typed leaf inside a [`Leaf`].
macro_rules! on_typed {
    ($leaf:expr, $typed:ident => $expression:expr) => {
        match $leaf {
            $crate::format::parquet::leaf::Leaf::Bool($typed) => $expression,
            $crate::format::parquet::leaf::Leaf::Int32($typed) => $expression,
            $crate::format::parquet::leaf::Leaf::Int64($typed) => $expression,
            $crate::format::parquet::leaf::Leaf::Int96($typed) => $expression,
            $crate::format::parquet::leaf::Leaf::Float($typed) => $expression,
            $crate::format::parquet::leaf::Leaf::Double($typed) => $expression,
            $crate::format::parquet::leaf::Leaf::Bytes($typed) => $expression,
            $crate::format::parquet::leaf::Leaf::Text($typed) => $expression,
            $crate::format::parquet::leaf::Leaf::Fixed($typed) => $expression,
        }
    };
}

impl Leaf {
    /// Opens `chunk`, which holds `text` or something else.
    pub(super) fn open(
        source: &Arc<Source>,
        chunk: &ColumnChunkMetaData,
        rows: usize,
        survey: &Survey,
        text: bool,
    ) -> Result<Self, ParquetError> {
        use parquet::basic::Type;
        Ok(match chunk.column_type() {
            _ if text && Flat::fits(chunk, survey) => Leaf::Text(Flat::open(source, chunk, rows, survey)?),
            Type::BOOLEAN => Leaf::Bool(TypedLeaf::open(source, chunk, rows, survey)?),
            Type::INT32 => Leaf::Int32(TypedLeaf::open(source, chunk, rows, survey)?),
            Type::INT64 => Leaf::Int64(TypedLeaf::open(source, chunk, rows, survey)?),
            Type::INT96 => Leaf::Int96(TypedLeaf::open(source, chunk, rows, survey)?),
            Type::FLOAT => Leaf::Float(TypedLeaf::open(source, chunk, rows, survey)?),
            Type::DOUBLE => Leaf::Double(TypedLeaf::open(source, chunk, rows, survey)?),
            Type::BYTE_ARRAY => Leaf::Bytes(TypedLeaf::open(source, chunk, rows, survey)?),
            Type::FIXED_LEN_BYTE_ARRAY => Leaf::Fixed(TypedLeaf::open(source, chunk, rows, survey)?),
        })
    }

    /// As [`TypedLeaf::next`].
    pub(super) fn next(&mut self, records: usize) -> Result<usize, ParquetError> {
        on_typed!(self, leaf => leaf.next(records))
    }

    /// As [`TypedLeaf::skip`].
    pub(super) fn skip(&mut self, records: usize) -> Result<usize, ParquetError> {
        on_typed!(self, leaf => leaf.skip(records))
    }

    /// As [`TypedLeaf::forget`].
    pub(super) fn forget(&mut self) {
        on_typed!(self, leaf => leaf.forget());
    }

    /// As [`TypedLeaf::drain`].
    pub(super) fn drain(&mut self, records: usize) -> Result<usize, ParquetError> {
        on_typed!(self, leaf => leaf.drain(records))
    }
}
