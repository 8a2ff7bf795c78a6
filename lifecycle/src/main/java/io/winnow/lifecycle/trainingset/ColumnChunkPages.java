package io.winnow.lifecycle.trainingset;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.TreeSet;
import java.util.zip.CRC32;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.page.PageWriter;
import org.apache.parquet.column.statistics.SizeStatistics;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.column.statistics.geospatial.GeospatialStatistics;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.CompressionCodec;
import org.apache.parquet.format.DataPageHeader;
import org.apache.parquet.format.DictionaryPageHeader;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.PageType;
import org.apache.parquet.format.Util;
import org.jspecify.annotations.Nullable;

/**
 * The pages of one column in one row group: compressed as they come, kept until the group is whole,
 * since a chunk's dictionary is known last and stands first. Each page carries its CRC-32.
 */
final class ColumnChunkPages implements PageWriter {
  private static final int LEVEL = 3;

  private final ColumnDescriptor column;
  private final ByteArrayOutputStream dictionary = new ByteArrayOutputStream();
  private final ByteArrayOutputStream data = new ByteArrayOutputStream();
  private final TreeSet<org.apache.parquet.format.Encoding> encodings = new TreeSet<>();
  private final @Nullable Statistics<?> statistics;
  private long uncompressedBytes;
  private long values;

  /**
   * @param hasStatistics whether the least and greatest value are kept, so that a reader can skip
   *     row groups
   */
  ColumnChunkPages(ColumnDescriptor column, boolean hasStatistics) {
    this.column = column;
    this.statistics = hasStatistics ? Statistics.createStats(column.getPrimitiveType()) : null;
  }

  @Override
  public void writePage(
      BytesInput bytes,
      int valueCount,
      int rowCount,
      Statistics<?> pageStatistics,
      SizeStatistics sizes,
      GeospatialStatistics geospatial,
      Encoding repetitionLevels,
      Encoding definitionLevels,
      Encoding valueEncoding)
      throws IOException {
    DataPageHeader header =
        new DataPageHeader(
            valueCount, format(valueEncoding), format(definitionLevels), format(repetitionLevels));
    encodings.addAll(List.of(header.getEncoding(), org.apache.parquet.format.Encoding.RLE));
    PageHeader page = new PageHeader();
    page.setType(PageType.DATA_PAGE);
    page.setData_page_header(header);
    write(page, bytes.toInputStream().readAllBytes(), data);
    values += valueCount;
    if (statistics != null) {
      statistics.mergeStatistics(pageStatistics);
    }
  }

  @Override
  public void writePage(
      BytesInput bytes,
      int valueCount,
      int rowCount,
      Statistics<?> pageStatistics,
      Encoding repetitionLevels,
      Encoding definitionLevels,
      Encoding valueEncoding) {
    throw unused();
  }

  @Override
  @SuppressWarnings("deprecation") // It is abstract.
  public void writePage(
      BytesInput bytes,
      int valueCount,
      Statistics<?> pageStatistics,
      Encoding repetitionLevels,
      Encoding definitionLevels,
      Encoding valueEncoding) {
    throw unused();
  }

  @Override
  public void writePageV2(
      int rowCount,
      int nullCount,
      int valueCount,
      BytesInput repetitionLevels,
      BytesInput definitionLevels,
      Encoding dataEncoding,
      BytesInput bytes,
      Statistics<?> pageStatistics) {
    throw unused();
  }

  private static IllegalStateException unused() {
    return new IllegalStateException("a kind of page that format 1 does not write");
  }

  @Override
  public void writeDictionaryPage(DictionaryPage dictionaryPage) throws IOException {
    DictionaryPageHeader header =
        new DictionaryPageHeader(
            dictionaryPage.getDictionarySize(), format(dictionaryPage.getEncoding()));
    encodings.add(header.getEncoding());
    PageHeader page = new PageHeader();
    page.setType(PageType.DICTIONARY_PAGE);
    page.setDictionary_page_header(header);
    write(page, dictionaryPage.getBytes().toInputStream().readAllBytes(), dictionary);
  }

  private void write(PageHeader header, byte[] bytes, ByteArrayOutputStream to) throws IOException {
    byte[] compressed = Zstd.compress(bytes, LEVEL);
    CRC32 crc = new CRC32();
    crc.update(compressed);
    header.setCrc((int) crc.getValue());
    header.setUncompressed_page_size(bytes.length);
    header.setCompressed_page_size(compressed.length);
    int before = to.size();
    Util.writePageHeader(header, to);
    uncompressedBytes += to.size() - before + bytes.length;
    to.write(compressed);
  }

  private static org.apache.parquet.format.Encoding format(Encoding encoding) {
    return org.apache.parquet.format.Encoding.valueOf(encoding.name());
  }

  /** Writes the chunk and says what it is. */
  ColumnChunk writeTo(OutputStream out, long offset) throws IOException {
    ColumnMetaData meta =
        new ColumnMetaData(
            Footers.physical(column.getPrimitiveType()),
            List.copyOf(encodings),
            List.of(column.getPath()),
            CompressionCodec.ZSTD,
            values,
            uncompressedBytes,
            bytes(),
            offset + dictionary.size());
    if (dictionary.size() > 0) {
      meta.setDictionary_page_offset(offset);
    }
    if (statistics != null && statistics.hasNonNullValue()) {
      org.apache.parquet.format.Statistics bounds = new org.apache.parquet.format.Statistics();
      bounds.setNull_count(statistics.getNumNulls());
      bounds.setMin_value(statistics.getMinBytes());
      bounds.setMax_value(statistics.getMaxBytes());
      meta.setStatistics(bounds);
    }
    dictionary.writeTo(out);
    data.writeTo(out);
    ColumnChunk chunk = new ColumnChunk(0);
    chunk.setMeta_data(meta);
    return chunk;
  }

  /** The chunk's size on disk. */
  long bytes() {
    return (long) dictionary.size() + data.size();
  }

  long uncompressedBytes() {
    return uncompressedBytes;
  }

  @Override
  public long getMemSize() {
    return bytes();
  }

  @Override
  public long allocatedSize() {
    return bytes();
  }

  @Override
  public String memUsageString(String prefix) {
    return prefix + " " + bytes() + " bytes";
  }
}
