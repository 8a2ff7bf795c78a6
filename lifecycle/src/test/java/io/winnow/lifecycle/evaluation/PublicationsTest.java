package io.winnow.lifecycle.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.AttributeValue;
import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.RecordSource;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import io.winnow.lifecycle.CallerRunsExecutor;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.ServingRelease;
import io.winnow.lifecycle.TestApplications;
import io.winnow.lifecycle.TinyWorld;
import io.winnow.lifecycle.Trainer;
import io.winnow.lifecycle.TrainingProgress;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class PublicationsTest {
  private static final ApplicationFile FILMS =
      ApplicationFile.parse(
          """
          application: films
          items:
            attributes: { published: time }
          events: [watch]
          objectives: { watch: 1.0 }
          """,
          "films.yaml",
          Map.of());

  @Test
  void obstacle_followsPutsRemovalsDatesAndEvents() {
    Publications publications =
        Publications.of(
            FILMS.definition(),
            RecordSource.of(
                List.of(
                    put("dated", 500, true), // 0
                    put("plain", null, true), // 1
                    new LogRecord.ItemRemoved(new ItemId("plain"), 20), // 2
                    put("plain", null, true), // 3
                    put("hidden", null, false), // 4
                    watch("unput", 50), // 5
                    watch("dated", 60)))); // 6
    assertEquals("published at 1970-01-01T00:00:00.500Z", obstacle(publications, "dated", 6, 499));
    assertNull(obstacle(publications, "dated", 6, 500), "its day has come");
    assertNull(obstacle(publications, "dated", 7, 61), "somebody had it: the date is wrong");
    assertEquals("no record of it before offset 0", obstacle(publications, "dated", 0, 900));
    assertEquals("no record of it before offset 1", obstacle(publications, "plain", 1, 900));
    assertNull(obstacle(publications, "plain", 2, 15));
    assertEquals("made unavailable at offset 2", obstacle(publications, "plain", 3, 25));
    assertNull(obstacle(publications, "plain", 4, 35));
    assertEquals("made unavailable at offset 4", obstacle(publications, "hidden", 7, 900));
    assertEquals("no record of it before offset 5", obstacle(publications, "unput", 5, 900));
    assertNull(obstacle(publications, "unput", 6, 900));
    assertNull(publications.item(new ItemId("never")));
  }

  @Test
  void require_anUnpublishedItem_namesModelItemUserAndTimes() {
    Publications publications =
        Publications.of(FILMS.definition(), RecordSource.of(List.of(put("f0", 500, true))));
    Publications.Check check = publications.check(item -> new ItemId("f" + item));
    Split.Target target = new Split.Target(new UserId("u"), 0, new ItemId("f0"), 499, 1);
    WinnowException refused =
        assertThrows(WinnowException.class, () -> check.require("ease", new int[] {0}, target));
    assertEquals(ErrorCode.INTERNAL, refused.code());
    assertEquals(
        "ease recommends item f0 to user u at 1970-01-01T00:00:00.499Z, offset 1, unpublished:"
            + " published at 1970-01-01T00:00:00.500Z",
        refused.getMessage());
    assertThrows(
        WinnowException.class,
        () -> check.require("ease", new int[] {7}, target),
        "an item that no record names");
    assertEquals(0, check.checked());
    check.require("ease", new int[] {0}, new Split.Target(target.user(), 0, target.item(), 500, 1));
    assertEquals(1, check.checked());
  }

  @Test
  void add_modelsThatSeeTheWholeLog_areRefused() {
    List<LogRecord> records = TinyWorld.records(900);
    RecordSource log = RecordSource.of(records);
    ApplicationFile clips = TestApplications.clips();
    Release release =
        new Trainer(clips, TinyWorld.config(1), TimeSource.system(), TrainingProgress.silent())
            .train(log, 450);
    Split split = Split.from(clips.definition(), log, 450);
    Split.Target first = split.targets().getFirst();
    try (OnlineStore peeking = OnlineStores.inMemory(clips.definition())) {
      TinyWorld.append(peeking, records);
      EvaluationRows rows =
          new EvaluationRows(
              new ServingRelease(release, peeking, new CallerRunsExecutor()),
              peeking,
              Known.before(split),
              Publications.of(clips.definition(), log),
              1);
      WinnowException refused = assertThrows(WinnowException.class, () -> rows.add(first));
      assertEquals(ErrorCode.INTERNAL, refused.code());
      assertTrue(
          refused.getMessage().contains("unpublished: no record of it before offset"),
          refused.getMessage());
    }
  }

  private static @Nullable String obstacle(
      Publications publications, String item, long asOfOffset, long timeMs) {
    return Objects.requireNonNull(publications.item(new ItemId(item)), item)
        .obstacle(asOfOffset, timeMs);
  }

  private static LogRecord put(String item, @Nullable Integer publishedMs, boolean available) {
    return new LogRecord.ItemPut(
        new ItemId(item),
        publishedMs == null ? Map.of() : Map.of("published", new AttributeValue.Time(publishedMs)),
        available,
        0);
  }

  private static LogRecord watch(String item, long timeMs) {
    return new LogRecord.Happened(
        new Event("e" + timeMs, "watch", new UserId("u"), new ItemId(item), timeMs, Double.NaN));
  }
}
