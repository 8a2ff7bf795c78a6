package io.winnow.lifecycle;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.events.RecordSource;
import io.winnow.features.PointInTimeReplay;
import io.winnow.models.Interactions;
import io.winnow.models.ranker.RankingExamples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What Winnow's own networks learn from, as files for networks that are trained elsewhere. Each is
 * readable with NumPy alone.
 *
 * <pre>
 * ranker/inputs.txt            F names of columns, a line each
 * ranker/objectives.txt        T names, a line each
 * ranker/features.npy          float32 (rows, F); NaN is unknown
 * ranker/labels.npy            float32 (rows, T); 0 or 1
 * ranker/groups.npy            int32 (requests + 1); request r has the rows groups[r] to groups[r + 1] - 1
 * ranker/positions.npy         int32 (rows); where a row was shown, from 0; -1 is unknown
 * encoder/items.txt            N item ids, a line each
 * encoder/sequence-items.npy   int32 (events); lines of items.txt, from 0
 * encoder/sequence-offsets.npy int32 (users + 1); user u has the events offsets[u] to offsets[u + 1] - 1
 * </pre>
 *
 * <p>Requests and each user's events are in the order of time, so that the last share of either can
 * be held out.
 */
public final class TrainingFiles {
  private final Path folder;

  /**
   * @param folder takes the files; created if it is not there
   * @throws WinnowException with {@code INVALID_ARGUMENT} if it is there and not empty
   */
  public TrainingFiles(Path folder) {
    this.folder = folder;
    try {
      Files.createDirectories(folder);
      try (var entries = Files.list(folder)) {
        if (entries.findAny().isPresent()) {
          throw WinnowException.invalid("examples", folder, "a folder that is missing or empty");
        }
      }
    } catch (IOException e) {
      throw unavailable(e);
    }
  }

  /** Writes the ranker's examples. */
  public void write(RankingExamples examples) {
    Path ranker = folder.resolve("ranker");
    int rows = examples.rows();
    RankingExamples.Outcomes outcomes = examples.outcomes();
    try {
      Files.createDirectories(ranker);
      Files.write(ranker.resolve("inputs.txt"), examples.featureNames());
      Files.write(ranker.resolve("objectives.txt"), outcomes.objectives());
      NumpyFile.writeFloats(
          ranker.resolve("features.npy"),
          examples.features(),
          rows,
          examples.featureNames().size());
      NumpyFile.writeFloats(
          ranker.resolve("labels.npy"), outcomes.labels(), rows, examples.tasks());
      NumpyFile.writeInts(
          ranker.resolve("groups.npy"), examples.groupOffsets(), examples.groupOffsets().length);
      NumpyFile.writeInts(ranker.resolve("positions.npy"), outcomes.positions(), rows);
    } catch (IOException e) {
      throw unavailable(e);
    }
  }

  /** Writes the choices of all users below an offset. */
  public void write(ApplicationDefinition application, RecordSource records, long toOffset) {
    Path encoder = folder.resolve("encoder");
    InteractionSequences sequences = new InteractionSequences(application);
    records.replay(0, toOffset, sequences);
    List<String> items = new ArrayList<>();
    List<Interactions> result = new ArrayList<>();
    PointInTimeReplay.play(
        records,
        ModelFitter.catalogOnly(application),
        new long[] {toOffset},
        (_, reader) -> {
          result.add(sequences.toInteractions(reader.catalog()));
          for (int item = 0; item < reader.catalog().size(); item++) {
            items.add(reader.catalog().item(item).value());
          }
        });
    Interactions interactions = result.getFirst();
    try {
      Files.createDirectories(encoder);
      Files.write(encoder.resolve("items.txt"), items);
      NumpyFile.writeInts(
          encoder.resolve("sequence-items.npy"), interactions.items(), interactions.size());
      NumpyFile.writeInts(
          encoder.resolve("sequence-offsets.npy"),
          interactions.userOffsets(),
          interactions.userCount() + 1);
    } catch (IOException e) {
      throw unavailable(e);
    }
  }

  private WinnowException unavailable(IOException e) {
    return new WinnowException(
        ErrorCode.UNAVAILABLE, "cannot write into " + folder + ": " + e.getMessage(), e);
  }
}
