package io.winnow.lifecycle.trainingset;

import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.Nearest;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.events.RecordSource;
import io.winnow.features.FeatureReader;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.FeatureSchema;
import io.winnow.features.PointInTimeReplay;
import io.winnow.lifecycle.Winnow;
import io.winnow.lifecycle.trainingset.Provenance.Rows;
import io.winnow.lifecycle.trainingset.Provenance.Selection;
import io.winnow.lifecycle.trainingset.RowQueue.Row;
import io.winnow.lifecycle.trainingset.RowScan.Candidate;
import io.winnow.lifecycle.trainingset.TrainingRow.Origin;
import io.winnow.lifecycle.trainingset.TrainingSetManifest.Counts;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.PrimitiveIterator;
import org.jspecify.annotations.Nullable;

/**
 * Writes what requests saw, and what came of them, as Parquet.
 *
 * <p>An impression's values are those that were logged with it, where the feature was served with
 * the same definition; else replay computes them, from the records below the offset that the
 * request saw. An event's values are computed from the records before it. So a team can add a
 * feature to the application file and have it over all of history, as if it had been served. What
 * was not logged cannot be replayed: features of the request's context are NaN then.
 *
 * <p>A row's labels are what {@link io.winnow.lifecycle.OutcomeJoin} joins: 1 where the objective's
 * event followed within the outcome window, by the newest row of that user and item. An event
 * counts for its own row.
 *
 * <p>The log is read twice, up to the offset at which it ended when the export began: once for the
 * labels, which go to a temporary file, and once for the rows. Rows stand in the order of the
 * offset from which they were computed. Memory holds the fold's state, the rows of one outcome
 * window in the first pass, and in the second one row group and {@link Limits#lagRecords} records.
 * The same log prefix, application and clock give the same bytes. The folder appears whole or not
 * at all. One thread.
 */
public final class TrainingSetExporter {
  private final ApplicationFile application;
  private final FeatureSchema served;
  private final TimeSource clock;

  /**
   * What to export.
   *
   * @param rows impressions or events
   * @param fromMs only rows at this time or later, epoch milliseconds; null for all
   * @param toMs only rows before this time; null for all
   * @param features qualified names of the wanted ones, in this order; empty for all
   * @param limits how much at once
   */
  public record Config(
      Rows rows, @Nullable Long fromMs, @Nullable Long toMs, List<String> features, Limits limits) {
    /** Copies the names and checks the times. */
    public Config {
      features = List.copyOf(features);
      if (fromMs != null && toMs != null && fromMs >= toMs) {
        throw WinnowException.invalid("from", fromMs, "before to, " + toMs);
      }
    }

    /** All rows of a kind with all features. */
    public static Config all(Rows rows) {
      return new Config(rows, null, null, List.of(), Limits.DEFAULT);
    }
  }

  /**
   * How much at once.
   *
   * @param partRows rows in a file
   * @param rowGroupRows rows in a row group, which is held in memory
   * @param lagRecords how many records an impression may come after the state that it saw; what
   *     comes later is left out and counted, if a value has to be computed
   */
  public record Limits(long partRows, int rowGroupRows, int lagRecords) {
    /** Files of a million rows, row groups of 65,536, and as many records of lag. */
    public static final Limits DEFAULT = new Limits(1 << 20, 1 << 16, 1 << 16);

    /** Checks that each is positive. */
    public Limits {
      if (partRows < 1 || rowGroupRows < 1 || lagRecords < 1) {
        throw WinnowException.invalid(
            "limits", partRows + ", " + rowGroupRows + ", " + lagRecords, "each >= 1");
      }
    }
  }

  /**
   * @param application whose features and objectives are wanted
   * @param served the features that impressions of the log carry
   */
  public TrainingSetExporter(ApplicationFile application, FeatureSchema served, TimeSource clock) {
    this.application = application;
    this.served = served;
    this.clock = clock;
  }

  /**
   * Writes a training set.
   *
   * @param folder must be missing or empty
   * @throws WinnowException with {@code INVALID_ARGUMENT} for an unknown feature or where there is
   *     nothing to export, {@code CONFLICT} if the folder is taken, {@code UNAVAILABLE} if the disk
   *     does not take it
   */
  public TrainingSetManifest export(RecordSource log, Path folder, Config config) {
    RecordSource prefix = RecordSource.prefix(log, log.endOffset());
    ApplicationDefinition wanted = wanted(config.features());
    FeatureSchema schema = FeatureSchema.of(wanted);
    Selection selection =
        new Selection(config.rows(), 0, prefix.endOffset(), config.fromMs(), config.toMs());
    Provenance provenance =
        new Provenance(
            Provenance.FORMAT,
            new Provenance.Source(
                wanted.name(), sha256(application.text()), Winnow.VERSION, clock.nowMs()),
            selection,
            schema.definitions().stream().map(Provenance.Feature::of).toList(),
            Provenance.Label.of(wanted.objectives()),
            wanted.objectives().within().toMillis());
    RowScan.Logged logged = RowScan.Logged.of(served, schema);
    try (StagedFolder staged = StagedFolder.begin(folder)) {
      Path labels = staged.path().resolve("labels");
      LabelPass pass = label(prefix, labels, new RowScan(selection, logged, lag(config)), wanted);
      if (pass.taken() == 0) {
        throw WinnowException.invalid(
            "rows", config.rows().label(), "at least one in the log at that time");
      }
      TrainingSetManifest manifest;
      try (InputStream in = new BufferedInputStream(Files.newInputStream(labels));
          PartFiles files =
              new PartFiles(
                  staged.path(),
                  TrainingSetSchema.of(provenance),
                  provenance,
                  config.limits().partRows(),
                  config.limits().rowGroupRows())) {
        RowScan scan = new RowScan(selection, logged, lag(config));
        int heads = wanted.objectives().list().size();
        RowQueue queue = new RowQueue(prefix, scan, in, heads, pass.lagMax());
        Batches batches = new Batches(queue, logged, files);
        PointInTimeReplay.play(
            prefix, wanted, pass.lastAsOf(), batches, (_, reader) -> batches.write(reader));
        manifest = new TrainingSetManifest(provenance, batches.counts(pass), files.finish());
      }
      Files.delete(labels);
      Files.writeString(
          staged.path().resolve(TrainingSetReader.MANIFEST), ProvenanceJson.pretty(manifest));
      staged.publish();
      return manifest;
    } catch (IOException | UncheckedIOException e) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, "cannot write " + folder + ": " + e.getMessage(), e);
    }
  }

  private static int lag(Config config) {
    return config.limits().lagRecords();
  }

  private static LabelPass label(
      RecordSource log, Path file, RowScan scan, ApplicationDefinition application)
      throws IOException {
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
      LabelPass pass = new LabelPass(scan, application.objectives(), out);
      log.replay(pass);
      pass.end();
      return pass;
    }
  }

  /** The application with the wanted features alone, so that replay computes no others. */
  private ApplicationDefinition wanted(List<String> names) {
    ApplicationDefinition all = application.definition();
    FeatureSchema schema = FeatureSchema.of(all);
    List<FeatureDefinition> features = new ArrayList<>();
    for (String name : names.isEmpty() ? schema.names() : names) {
      int index = schema.names().indexOf(name);
      if (index < 0) {
        throw WinnowException.invalid(
            "features", name, Nearest.expectation("feature", name, schema.names()));
      }
      if (features.contains(schema.definitions().get(index))) {
        throw WinnowException.invalid("features", name, "each feature once");
      }
      features.add(schema.definitions().get(index));
    }
    return new ApplicationDefinition(
        all.name(),
        all.schema(),
        features,
        all.objectives(),
        all.policy(),
        all.imports(),
        all.operations());
  }

  private static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  /**
   * The rows that need replay, those of one request together, as the offsets at which replay has to
   * stop. Rows in between, which need none, are written on the way.
   */
  private static final class Batches implements PrimitiveIterator.OfLong {
    private final RowQueue queue;
    private final RowScan.Logged logged;
    private final PartFiles files;
    private final List<Row> batch = new ArrayList<>();
    private long rows;
    private long replayed;
    private long unknownItems;

    Batches(RowQueue queue, RowScan.Logged logged, PartFiles files) {
      this.queue = queue;
      this.logged = logged;
      this.files = files;
    }

    @Override
    public boolean hasNext() {
      if (!batch.isEmpty()) {
        return true;
      }
      Row next = queue.peek();
      while (next != null && !next.candidate().replay()) {
        write(queue.take(), new float[0], 0);
        next = queue.peek();
      }
      while (next != null && (batch.isEmpty() || isSameRead(batch.getFirst(), next))) {
        batch.add(queue.take());
        next = queue.peek();
      }
      return !batch.isEmpty();
    }

    private static boolean isSameRead(Row first, Row next) {
      Candidate a = first.candidate();
      Candidate b = next.candidate();
      return b.replay()
          && a.asOf() == b.asOf()
          && a.event().timeMs() == b.event().timeMs()
          && a.event().user().equals(b.event().user());
    }

    @Override
    public long nextLong() {
      if (!hasNext()) {
        throw new NoSuchElementException("no rows are left");
      }
      return batch.getFirst().candidate().asOf();
    }

    /** Writes the rows of the stop at which replay is now. */
    void write(FeatureReader reader) {
      List<Row> known = new ArrayList<>();
      for (Row row : batch) {
        if (reader.catalog().indexOf(row.candidate().event().item()) < 0) {
          unknownItems++;
        } else {
          known.add(row);
        }
      }
      if (!known.isEmpty()) {
        Event event = known.getFirst().candidate().event();
        int[] items =
            known.stream()
                .mapToInt(row -> reader.catalog().indexOf(row.candidate().event().item()))
                .toArray();
        float[] values =
            reader.read(new FeatureQuery(event.user(), items, Map.of(), event.timeMs())).values();
        for (int i = 0; i < known.size(); i++) {
          write(known.get(i), values, i * logged.columns().length);
        }
      }
      batch.clear();
    }

    /** Writes a row; values that were logged go before those that replay computed. */
    private void write(Row row, float[] computed, int from) {
      Candidate candidate = row.candidate();
      Event event = candidate.event();
      Impression impression = event.impression();
      float[] carried =
          impression != null && logged.carries(impression) ? impression.features() : new float[0];
      float[] values = new float[logged.columns().length];
      for (int f = 0; f < values.length; f++) {
        int column = logged.columns()[f];
        values[f] = column >= 0 && carried.length > 0 ? carried[column] : computed[from + f];
      }
      Origin origin =
          impression == null
              ? new Origin.Happened(event.requestId(), event.type(), event.value())
              : new Origin.Shown(
                  impression.requestId(),
                  impression.position(),
                  impression.propensity(),
                  impression.provenance().release(),
                  candidate.replay());
      try {
        files.write(
            new TrainingRow(
                event.user(),
                event.item(),
                event.timeMs(),
                candidate.asOf(),
                origin,
                values,
                row.labels()));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      rows++;
      replayed += candidate.replay() ? 1 : 0;
    }

    Counts counts(LabelPass pass) {
      return new Counts(rows, replayed, unknownItems, pass.tooLate());
    }
  }
}
