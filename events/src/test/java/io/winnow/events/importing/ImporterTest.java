package io.winnow.events.importing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.AttributeValue;
import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.core.application.AttributeType;
import io.winnow.core.application.Imports;
import io.winnow.core.application.Imports.Column;
import io.winnow.core.application.Imports.Format;
import io.winnow.core.application.Imports.Table;
import io.winnow.core.application.Schema;
import io.winnow.events.EventLog;
import io.winnow.events.EventLogConfig;
import io.winnow.events.EventLogs;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ImporterTest {
  private static final long NOW = 1_700_000_000_000L;
  private static final Schema SCHEMA =
      new Schema(
          Map.of(
              "title", AttributeType.TEXT,
              "genres", AttributeType.STRINGS,
              "price", AttributeType.NUMBER,
              "published", AttributeType.TIME),
          Map.of("country", AttributeType.STRING),
          Map.of(
              "rate", new Schema.EventType("stars", true),
              "click", new Schema.EventType("", false)),
          false);
  private static final Format CSV = new Format(",", true, List.of(), "UTF-8", true);
  private static final Format NDJSON = new Format("", false, List.of(), "UTF-8", false);

  @TempDir Path folder;

  private Importer importer() {
    return new Importer(() -> NOW, folder.resolve("temporary"));
  }

  private static Column named(String name) {
    return new Column.Named(name, "", "");
  }

  private static Column time(String name, String pattern) {
    return new Column.Named(name, pattern, "");
  }

  private static Map<String, Column> columns(Object... keysAndColumns) {
    Map<String, Column> columns = new LinkedHashMap<>();
    for (int i = 0; i < keysAndColumns.length; i += 2) {
      columns.put((String) keysAndColumns[i], (Column) keysAndColumns[i + 1]);
    }
    return columns;
  }

  private static Map<String, Column> ratingColumns() {
    return columns(
        "type", new Column.Constant("rate"),
        "user", named("user"),
        "item", named("item"),
        "value", named("stars"),
        "time", time("time", "epoch_seconds"));
  }

  private static Table table(String file, Format format, Map<String, Column> columns) {
    return new Table(List.of(file), format, List.of(), false, columns);
  }

  private static Imports events(Table... tables) {
    return new Imports(List.of(), List.of(), List.of(tables));
  }

  private void write(String file, String text) throws IOException {
    Files.writeString(folder.resolve(file), text);
  }

  private DataSet load(Imports imports) {
    return importer().load(folder, imports, SCHEMA, Progress.NONE);
  }

  private DataSet ratings(String text) throws IOException {
    write("r.csv", text);
    return load(events(table("r.csv", CSV, ratingColumns())));
  }

  private static List<Event> happened(DataSet data) {
    return data.records().stream()
        .flatMap(r -> r instanceof LogRecord.Happened h ? Stream.of(h.event()) : Stream.empty())
        .toList();
  }

  private static List<String> summary(DataSet data) {
    return happened(data).stream()
        .map(e -> e.user() + " " + e.item() + " " + e.value() + " " + e.timeMs() / 1000)
        .toList();
  }

  private static Map<String, Long> bad(DataSet data) {
    Map<String, Long> counts = new LinkedHashMap<>();
    data.report()
        .files()
        .forEach(f -> f.bad().forEach((reason, r) -> counts.merge(reason, r.count(), Long::sum)));
    return counts;
  }

  @Test
  void load_cleanCsv_givesEventsInTimeOrderWithTiesInFileOrder() throws IOException {
    DataSet data = ratings("user,item,stars,time\nb,1,3,20\na,2,4.5,10\nc,3,1,20\na,4,2,20\n");
    assertEquals(List.of("a 2 4.5 10", "b 1 3.0 20", "c 3 1.0 20", "a 4 2.0 20"), summary(data));
    assertEquals(4, data.report().rows());
    assertEquals(4, data.report().accepted());
    assertEquals(4, data.endOffset());
  }

  @Test
  void load_dirtyRows_areCountedByReasonWithLines() throws IOException {
    DataSet data =
        ratings(
            """
            user,item,stars,time
            u,i,5,1
            u,i,5
            u,i,five,1
            u,i,NaN,1
            u,i,,1
            ,i,5,1
            u,,5,1
            u,i,5,yesterday
            u,i,5,
            u,i,5,-7
            u,i,5,1,extra

            u,"a""b",5,2
            u,"x"y,5,1
            """);
    assertEquals(List.of("u i 5.0 1", "u a\"b 5.0 2"), summary(data));
    assertEquals(
        Map.of(
            "too few fields (expected: 4)", 1L,
            "value: not a number", 2L,
            "value: missing for type rate", 1L,
            "user: missing", 1L,
            "item: missing", 1L,
            "time: not a time (expected: epoch_seconds)", 1L,
            "time: missing", 1L,
            "time: before 1970", 1L,
            "too many fields (expected: 4)", 1L,
            "text behind a closing quote", 1L),
        bad(data));
    ImportReport.FileReport file = data.report().files().getFirst();
    assertEquals(
        List.of(new ImportReport.Example(4, "five"), new ImportReport.Example(5, "NaN")),
        Objects.requireNonNull(file.bad().get("value: not a number")).examples());
    assertEquals(13, file.rows());
    assertEquals(file.rows(), file.accepted() + file.badRows());
  }

  @Test
  void load_quoteNotClosed_losesItsLineOnly() throws IOException {
    DataSet data =
        ratings("user,item,stars,time\n\"u,i,5,1\nv,i,5,2\n\"two\nlines\",i,5,3\nw,\"i,5,4\n");
    assertEquals(List.of("v i 5.0 2"), summary(data));
    assertEquals(
        Map.of("a quote that is not closed", 2L, "user: expected no control characters", 1L),
        bad(data));
    assertEquals(4, data.report().rows());
  }

  @Test
  void load_embeddedLineEnds_areText() throws IOException {
    write("items.csv", "id,title\r\n1,\"two\r\nlines, \"\"quoted\"\"\"\r\n2,plain\r\n");
    DataSet data =
        load(
            new Imports(
                List.of(
                    table(
                        "items.csv",
                        CSV,
                        columns("id", named("id"), "attributes.title", named("title")))),
                List.of(),
                List.of()));
    assertEquals(
        List.of(
            new LogRecord.ItemPut(
                new ItemId("1"),
                Map.of("title", new AttributeValue.Text("two\nlines, \"quoted\"")),
                true,
                NOW),
            new LogRecord.ItemPut(
                new ItemId("2"), Map.of("title", new AttributeValue.Text("plain")), true, NOW)),
        data.records());
  }

  @Test
  void load_emptyHeaderOnlyCrLfAndByteOrderMark_areNoFaults() throws IOException {
    DataSet empty = ratings("");
    assertEquals(0, empty.endOffset());
    assertEquals(List.of("the file is empty"), empty.report().files().getFirst().notes());
    assertEquals(0, ratings("user,item,stars,time").endOffset());
    DataSet marked = ratings("\uFEFFuser,item,stars,time\r\nu,i,5,1\r\nu,j,5,2");
    assertEquals(List.of("u i 5.0 1", "u j 5.0 2"), summary(marked));
    assertEquals(0, marked.report().bad());
  }

  @Test
  void load_wrongCharset_reportsRowsThatUseTheBytes() throws IOException {
    Files.write(
        folder.resolve("r.csv"),
        "user,item,stars,time\nJürg,i,5,1\nu,i,5,2\n".getBytes(StandardCharsets.ISO_8859_1));
    DataSet wrong = load(events(table("r.csv", CSV, ratingColumns())));
    assertEquals(1L, bad(wrong).get("column user: bytes that are not in the declared charset"));
    assertEquals(List.of("u i 5.0 2"), summary(wrong));
    Format latin = new Format(",", true, List.of(), "ISO-8859-1", true);
    DataSet right = load(events(table("r.csv", latin, ratingColumns())));
    assertEquals("Jürg", happened(right).getFirst().user().value());
  }

  @Test
  void load_gzipTwinCutOff_usesWhatItCanAndSaysSo() throws IOException {
    String text =
        "user,item,stars,time\n"
            + Stream.iterate(1, k -> k + 1)
                .limit(20_000)
                .map(k -> "u" + Seed.mix(k) + ",i,5," + k + "\n")
                .collect(Collectors.joining());
    Path packed = folder.resolve("r.csv.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    Imports imports = events(table("r.csv", CSV, ratingColumns()));
    assertEquals(20_000, load(imports).report().accepted());
    byte[] bytes = Files.readAllBytes(packed);
    Files.write(packed, java.util.Arrays.copyOf(bytes, bytes.length / 2));
    DataSet half = load(imports);
    assertTrue(half.report().accepted() > 5_000 && half.report().accepted() < 15_000);
    assertTrue(half.report().files().getFirst().notes().getFirst().contains("not readable behind"));
  }

  @Test
  void load_columnsConditionsAndFilesThatDoNotFit_areReportedAtOnce() throws IOException {
    write("r.csv", "user,item\nu,i\n");
    Table wrong =
        new Table(
            List.of("r.csv"),
            CSV,
            List.of("user ~ 3", "stars > 2", "item > x", "item =~ ["),
            false,
            columns(
                "type", new Column.Constant("buy"),
                "user", named("customer"),
                "item", named("item"),
                "when", named("user"),
                "time", time("item", "bogus-pattern")));
    WinnowException refused = assertThrows(WinnowException.class, () -> load(events(wrong)));
    assertEquals(ErrorCode.INVALID_ARGUMENT, refused.code());
    assertEquals(
        List.of(
            "imports.events[0].where[0]",
            "imports.events[0].where[1]",
            "imports.events[0].where[2]",
            "imports.events[0].where[3]",
            "imports.events[0].columns.when",
            "imports.events[0].columns.user",
            "imports.events[0].columns.type",
            "imports.events[0].columns.time"),
        refused.problems().stream().map(p -> p.field()).toList());
    WinnowException missing =
        assertThrows(
            WinnowException.class, () -> load(events(table("no.csv", CSV, ratingColumns()))));
    assertEquals(ErrorCode.NOT_FOUND, missing.code());
    Table optional = new Table(List.of("no.csv"), CSV, List.of(), true, ratingColumns());
    assertEquals(0, load(events(optional)).endOffset());
    Format unknown = new Format(",", true, List.of(), "UTF-99", true);
    WinnowException charset =
        assertThrows(
            WinnowException.class, () -> load(events(table("r.csv", unknown, ratingColumns()))));
    assertEquals("imports.events[0].format.charset", charset.problems().getFirst().field());
  }

  @Test
  void load_conditions_filterRows() throws IOException {
    write("r.csv", "user,item,stars,time\nu,C1,5,1\nu,i,0,2\nu,i,,3\nu,i,4,4\nu,i,x,5\nu,j,4,6\n");
    Table table =
        new Table(
            List.of("r.csv"),
            CSV,
            List.of("stars > 0", "item !~ ^C", "item != j", "user == u", "time present"),
            false,
            ratingColumns());
    DataSet data = load(events(table));
    assertEquals(List.of("u i 4.0 4"), summary(data));
    assertEquals(4, data.report().filtered());
    assertEquals(Map.of("stars: not a number", 1L), bad(data));
  }

  @Test
  void load_otherDelimiters_areSplit() throws IOException {
    write("a.dat", "u::i::5::1\n");
    write("b.dat", "u\ti\t5\t2\n");
    write("c.dat", "u|i|5|3\n");
    Map<String, Column> numbered =
        columns(
            "type", new Column.Constant("rate"),
            "user", named("1"),
            "item", named("2"),
            "value", named("3"),
            "time", time("4", "epoch_seconds"));
    List<Table> tables = new ArrayList<>();
    for (String[] file : new String[][] {{"a.dat", "::"}, {"b.dat", "\t"}, {"c.dat", "|"}}) {
      Format format = new Format(file[1], false, List.of(), "UTF-8", false);
      tables.add(table(file[0], format, numbered));
    }
    DataSet data = load(events(tables.toArray(new Table[0])));
    assertEquals(List.of("u i 5.0 1", "u i 5.0 2", "u i 5.0 3"), summary(data));
  }

  @Test
  void load_ndjson_readsPathsArraysAndReportsBadLines() throws IOException {
    write(
        "e.ndjson",
        """
        {"who": {"id": "u"}, "item": 7, "type": "click", "at": "2020-01-02T03:04:05Z", "id": "a"}
        {"who": {"id": "u"}, "item": 7, "type": "click", "at": "2020-01-02T03:04:05Z", "id": "a"}
        {"who": {"id": "u"}, "item": 8, "type": "click", "at": "2020-01-02T03:04:05Z", "id": "a"}
        {"who": {"id": "u"}, "item": 7, "type": "rate", "stars": 4, "at": "2020-01-02", "id": "b"}
        {"who": {"id": ["u"]}, "item": 7, "type": "click", "at": "2020-01-02", "id": "c"}
        {"who": {"id": "u"}, "item": 7, "type": "view", "at": "2020-01-02", "id": "d"}
        {"who": {"id": "u"}, "item": 7, "type": "click", "stars": 1, "at": "2020-01-02", "id": "e"}
        {"who": {
        [1]
        """);
    write("i.ndjson", "{\"id\": 7, \"genres\": [\"a\", \"b\"], \"price\": 1.5}\n");
    Imports imports =
        new Imports(
            List.of(
                table(
                    "i.ndjson",
                    NDJSON,
                    columns(
                        "id", named("id"),
                        "attributes.genres", named("genres"),
                        "attributes.price", named("price")))),
            List.of(),
            List.of(
                table(
                    "e.ndjson",
                    NDJSON,
                    columns(
                        "id", named("id"),
                        "type", named("type"),
                        "user", named("who.id"),
                        "item", named("item"),
                        "value", named("stars"),
                        "time", time("at", "iso")))));
    DataSet data = load(imports);
    assertEquals(List.of("u 7 4.0 1577923200", "u 7 NaN 1577934245"), summary(data));
    assertEquals(1, data.report().duplicates());
    assertEquals(
        Map.of(
            "column who.id: not a string, number or boolean", 1L,
            "type: not declared", 1L,
            "value: type click carries none", 1L,
            "id: used before for another event", 1L,
            "not JSON", 1L,
            "not a JSON object", 1L),
        bad(data));
    assertEquals(
        new LogRecord.ItemPut(
            new ItemId("7"),
            Map.of(
                "genres", new AttributeValue.Tokens(List.of("a", "b")),
                "price", new AttributeValue.Numeric(1.5)),
            true,
            1577923200000L),
        data.records().getFirst());
  }

  @Test
  void load_ndjsonNumbersAndEscapes_areReadAsTheyAreMeant() throws IOException {
    write(
        "e.ndjson",
        """
        {"user": 12345678.0, "item": "i", "time": 1577934245.25}
        {"user": "u", "item": 7.0, "time": 1.577934246e9}
        {"user": "u", "item": "i", "time": 1e400}
        {"user": "\\ud800", "item": "i", "time": 1577934247}
        """);
    write("r.csv", "user,item,time\nv,i,1.577934248E9\nw,i,1577934249000\n");
    DataSet data =
        load(
            events(
                table(
                    "e.ndjson",
                    NDJSON,
                    columns(
                        "type", new Column.Constant("click"),
                        "user", named("user"),
                        "item", named("item"),
                        "time", time("time", ""))),
                table(
                    "r.csv",
                    CSV,
                    columns(
                        "type", new Column.Constant("click"),
                        "user", named("user"),
                        "item", named("item"),
                        "time", time("time", "")))));
    assertEquals(
        List.of(
            "12345678 i NaN 1577934245",
            "u 7 NaN 1577934246",
            "v i NaN 1577934248",
            "w i NaN 1577934249"),
        summary(data));
    assertEquals(1577934245250L, happened(data).getFirst().timeMs());
    assertEquals(
        Map.of("time: not a time (expected: iso)", 1L, "column user: unpaired surrogates", 1L),
        bad(data));
  }

  @Test
  void importInto_logThatTakesLessThanABatch_getsItInParts() throws IOException {
    StringBuilder rows = new StringBuilder("id,title\n");
    for (int i = 0; i < 30; i++) {
      rows.append(i).append(',').append("long ".repeat(30)).append('\n');
    }
    write("i.csv", rows.toString());
    Imports imports =
        new Imports(
            List.of(
                table(
                    "i.csv", CSV, columns("id", named("id"), "attributes.title", named("title")))),
            List.of(),
            List.of());
    EventLogConfig.Limits limits = new EventLogConfig.Limits(1000, 1000, 500, 1000, 1000, 0);
    EventLogConfig config = new EventLogConfig(folder.resolve("log"), 1 << 20, limits);
    try (EventLog log = EventLogs.open(config, SCHEMA, () -> NOW, List.of())) {
      Importer.LogImport done = importer().importInto(folder, imports, SCHEMA, log, Progress.NONE);
      assertEquals(30, done.accepted());
      assertEquals(0, done.rejected());
      assertEquals(30, log.endOffset());
    }
  }

  @Test
  void load_catalogue_firstRowWinsLaterOnesFillAndFaultsAreIncomplete() throws IOException {
    write(
        "items.csv",
        """
        id,title,price,published,g1,g2
        1,first,1,01-Jan-1995,1,0
        1,second,,,0,1
        2,,free,soon,0,0
        2,late,,,1,1
        2,late,,,1,1
        """);
    Table table =
        table(
            "items.csv",
            CSV,
            columns(
                "id", named("id"),
                "attributes.title", named("title"),
                "attributes.price", named("price"),
                "attributes.published", time("published", "dd-MMM-yyyy"),
                "attributes.genres", new Column.Flags(Map.of("g1", "Drama", "g2", "War"))));
    DataSet data = load(new Imports(List.of(table), List.of(), List.of()));
    assertEquals(
        new LogRecord.ItemPut(
            new ItemId("1"),
            Map.of(
                "title", new AttributeValue.Text("first"),
                "price", new AttributeValue.Numeric(1),
                "published", new AttributeValue.Time(788918400000L),
                "genres", new AttributeValue.Tokens(List.of("Drama"))),
            true,
            NOW),
        data.records().getFirst());
    ImportReport.FileReport file = data.report().files().getFirst();
    assertEquals(3, file.accepted());
    assertEquals(2, file.duplicates());
    assertEquals(2, file.incomplete().size());
    assertEquals(2, data.report().items());
  }

  @Test
  void load_orderedTimeWithGaps_takesTheNextKnownTime() throws IOException {
    Map<String, Column> columns = new LinkedHashMap<>(ratingColumns());
    columns.put(
        "time", new Column.OrderedTime(new Column.Named("time", "epoch_seconds", ""), "position"));
    write(
        "r.csv",
        """
        user,item,stars,position,time
        a,i3,1,3,
        a,i1,1,1,
        a,i2,1,2,50
        a,i4,1,4,70
        a,i5,1,5,
        b,j1,1,1,60
        a,rare,1,,
        c,k2,1,2,
        c,k1,1,1,
        """);
    DataSet data = load(events(table("r.csv", CSV, columns)));
    assertEquals(
        List.of(
            "a i1 1.0 50",
            "a i2 1.0 50",
            "b j1 1.0 60",
            "c k1 1.0 60",
            "c k2 1.0 60",
            "a i3 1.0 70",
            "a i4 1.0 70",
            "a i5 1.0 70",
            "a rare 1.0 70"),
        summary(data).stream()
            .sorted(
                Comparator.comparingInt((String s) -> Integer.parseInt(s.substring(s.length() - 2)))
                    .thenComparing(s -> s))
            .toList());
    List<String> ofA = summary(data).stream().filter(s -> s.startsWith("a")).toList();
    assertEquals(
        List.of("a i1 1.0 50", "a i2 1.0 50", "a i3 1.0 70", "a i4 1.0 70", "a i5 1.0 70"),
        ofA.subList(0, 5));
    assertEquals(
        2, data.report().files().getFirst().incomplete().values().iterator().next().count());
    write("r.csv", "user,item,stars,position,time\na,i,1,1,\nb,i,1,1,5\n");
    DataSet hopeless = load(events(table("r.csv", CSV, columns)));
    assertEquals(List.of("b i 1.0 5"), summary(hopeless));
    assertEquals(1, hopeless.report().bad());
  }

  @Test
  void load_withSpills_equalsLoadInMemory() throws IOException {
    RandomGenerator random = new Seed(21).generator("ratings");
    StringBuilder text = new StringBuilder("user,item,stars,position,time\n");
    for (int i = 0; i < 5000; i++) {
      text.append(
          "u%d,i%d,%d,%d,%s%n"
              .formatted(
                  random.nextInt(40),
                  random.nextInt(20),
                  random.nextInt(3),
                  i,
                  random.nextInt(3) == 0 ? "" : String.valueOf(random.nextInt(300))));
    }
    write("r.csv", text.toString());
    Map<String, Column> columns = new LinkedHashMap<>(ratingColumns());
    columns.put(
        "time", new Column.OrderedTime(new Column.Named("time", "epoch_seconds", ""), "position"));
    Imports imports = events(table("r.csv", CSV, columns));
    DataSet inMemory = load(imports);
    Path temporary = folder.resolve("spills");
    DataSet spilled =
        new Importer(() -> NOW, temporary, 10_000).load(folder, imports, SCHEMA, Progress.NONE);
    assertEquals(5000, inMemory.report().accepted());
    assertEquals(inMemory, spilled);
    long distinct = happened(spilled).stream().map(Event::id).distinct().count();
    assertEquals(5000, distinct);
    try (Stream<Path> left = Files.list(temporary)) {
      assertEquals(0, left.count());
    }
  }

  @Test
  void importInto_logTwice_addsNoEventTwice() throws IOException {
    write("r.csv", "user,item,stars,time\nu,i,5,1\nu,i,5,1\nv,i,4,2\n");
    Imports imports = events(table("r.csv", CSV, ratingColumns()));
    try (EventLog log =
        EventLogs.open(EventLogConfig.in(folder.resolve("log")), SCHEMA, () -> NOW, List.of())) {
      Importer.LogImport first = importer().importInto(folder, imports, SCHEMA, log, Progress.NONE);
      assertEquals(3, first.accepted());
      write("r.csv", "user,item,stars,time\nw,i,1,9\nv,i,4,2\nu,i,5,1\nu,i,5,1\n");
      Importer.LogImport second =
          importer().importInto(folder, imports, SCHEMA, log, Progress.NONE);
      assertEquals(1, second.accepted());
      assertEquals(3, second.duplicates());
      assertEquals(0, second.rejected());
      assertEquals(4, log.endOffset());
    }
  }
}
