package io.winnow.lifecycle.tuning;

import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.RecordSource;
import io.winnow.lifecycle.ModelTrials;
import io.winnow.lifecycle.ModelTrials.Part;
import io.winnow.lifecycle.TrainerConfig;
import io.winnow.lifecycle.TrainerSettings;
import io.winnow.lifecycle.TrainingProgress;
import io.winnow.lifecycle.TrainingRequest;
import io.winnow.lifecycle.TrainingRequests;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * A search for better settings over a prefix of a log, in a folder.
 *
 * <pre>
 * journal.jsonl   the trials that ended; a search that is started again goes on from there
 * journal.lock    locked by the process that searches
 * best.yaml       the best settings so far, for 'winnow train --settings' and 'winnow evaluate --settings'
 * </pre>
 */
public final class Tuning {
  /** The file with the best settings so far. */
  public static final String BEST = "best.yaml";

  /** No search may take longer, minutes. */
  public static final int MINUTES_MAX = 100_000;

  private static final String JOURNAL = "journal.jsonl";

  private final Path folder;
  private final Config config;
  private final TimeSource clock;

  /**
   * What is searched, and how long.
   *
   * @param base the settings to begin with; its seed decides the order of trials too
   * @param minutes in all, those of earlier processes with the same folder included
   * @param parts the models that are searched
   */
  public record Config(TrainerConfig base, double minutes, List<Part> parts) {
    /** Checks the ranges. */
    public Config {
      parts = List.copyOf(parts);
      if (!(minutes > 0 && minutes <= MINUTES_MAX)) {
        throw WinnowException.invalid("minutes", minutes, "above 0, at most " + MINUTES_MAX);
      }
      if (parts.isEmpty()) {
        throw WinnowException.invalid("parts", "none", "at least one of " + List.of(Part.values()));
      }
    }
  }

  /** A search in a folder, which is created if it is not there. */
  public Tuning(Path folder, Config config, TimeSource clock) {
    this.folder = folder;
    this.config = config;
    this.clock = clock;
  }

  /**
   * Where the choices from a quantile of time on begin, as in evaluation: the place is all that is
   * taken from behind it.
   */
  public static long cut(ApplicationFile application, RecordSource records, double quantile) {
    TrainingRequests requests = new TrainingRequests(application.definition());
    records.replay(requests);
    List<TrainingRequest.Chosen> choices = requests.choices();
    int first = (int) (choices.size() * quantile);
    return first < choices.size() ? choices.get(first).asOfOffset() : records.endOffset();
  }

  /**
   * Searches on the records below an offset until the budget is spent.
   *
   * @return the best settings beyond the base, by path
   * @throws WinnowException with {@code INVALID_ARGUMENT} if the folder's journal is of another
   *     search, or there is too little to learn from
   */
  public Map<String, String> run(
      ApplicationFile application,
      RecordSource records,
      long endOffset,
      TuningProgress progress,
      TrainingProgress trainings) {
    Map<String, String> search = search(application, records, endOffset);
    try (TuningJournal journal = TuningJournal.open(folder.resolve(JOURNAL), search)) {
      ModelTrials trials =
          new ModelTrials(application, records, endOffset, config.base(), trainings);
      return new Tuner(
              TuningSpace.DEFAULT,
              config.base(),
              new Seed(config.base().seed()),
              new Tuner.Budget(config.minutes() * 60, config.parts()),
              journal,
              trials::measure,
              clock,
              progress,
              this::write)
          .run();
    }
  }

  private Map<String, String> search(
      ApplicationFile application, RecordSource records, long endOffset) {
    Map<String, String> search = new LinkedHashMap<>();
    search.put("format", "1");
    search.put("application", checksum(application.text()));
    search.put("end_offset", Long.toString(Math.min(endOffset, records.endOffset())));
    search.put("records", checksum(records, endOffset));
    search.put("seed", Long.toString(config.base().seed()));
    search.put("settings", checksum(TrainerSettings.text(config.base())));
    search.put("space", checksum(TuningSpace.DEFAULT.toString()));
    return search;
  }

  private static String checksum(String text) {
    CRC32C checksum = new CRC32C();
    checksum.update(text.getBytes(StandardCharsets.UTF_8));
    return Long.toHexString(checksum.getValue());
  }

  private static String checksum(RecordSource records, long endOffset) {
    CRC32C checksum = new CRC32C();
    RecordSource.prefix(records, endOffset)
        .replay((offset, record) ->
            checksum.update((offset + " " + text(record)).getBytes(StandardCharsets.UTF_8)));
    return Long.toHexString(checksum.getValue());
  }

  private static String text(LogRecord record) {
    return switch (record) {
      case LogRecord.Happened(Event event) ->
          List.of(
                  event.id(),
                  event.type(),
                  event.user(),
                  event.item(),
                  event.timeMs(),
                  event.value())
              + (event.impression() == null
                  ? ""
                  : Arrays.toString(Objects.requireNonNull(event.impression()).features()));
      case LogRecord.ItemPut put ->
          put.item() + " " + put.timeMs() + " " + new TreeMap<>(put.attributes());
      case LogRecord.ItemRemoved removed -> removed.toString();
      case LogRecord.UserPut put -> put.user() + " " + new TreeMap<>(put.attributes());
      case LogRecord.Exposed exposed -> exposed.toString();
    };
  }

  private void write(Map<String, String> best) {
    Path file = folder.resolve(BEST);
    try {
      Path temporary = folder.resolve("." + BEST);
      Files.writeString(
          temporary,
          "# The best settings that 'winnow tune' found so far; what is not here is as before.\n"
              + TrainerSettings.text(new TreeMap<>(best)));
      Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, "cannot write " + file + ": " + e.getMessage(), e);
    }
  }
}
