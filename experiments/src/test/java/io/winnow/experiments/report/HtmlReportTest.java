package io.winnow.experiments.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.Exposure;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.RecordSource;
import io.winnow.experiments.analysis.AnalysisLimits;
import io.winnow.experiments.analysis.AnalysisRequest;
import io.winnow.experiments.analysis.ExperimentAnalysis;
import io.winnow.experiments.analysis.ExperimentReport;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

final class HtmlReportTest {
  private static final String ATTACK = "<script>alert('x')</script>\"&";
  private static final long START_MS = Instant.parse("2026-05-28T00:00:00Z").toEpochMilli();
  private static final long DAY_MS = TimeUnit.DAYS.toMillis(1);

  /** A report with hostile names in every place that users or clients can fill. */
  private static ExperimentReport report() {
    ApplicationDefinition application =
        ApplicationFile.parse(
                """
                application: test
                items:  { attributes: { creator: string } }
                users:  { attributes: { country: string } }
                events: { click: {} }
                metrics: { ctr: "ratio(click, slates)", spread: gini(creator) }
                experiments:
                  test:
                    from: 2026-05-28
                    arms: { control: {}, treatment: { release: v2 } }
                    primary: ctr
                    secondary: [spread]
                    segments: [context.device, user.country]
                    duration: 8d
                    looks: 4
                """,
                "winnow.yaml",
                Map.of())
            .definition();
    List<LogRecord> records = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      records.add(
          new LogRecord.ItemPut(
              new ItemId("i" + i),
              Map.of("creator", new AttributeValue.Text(ATTACK + i)),
              true,
              START_MS));
    }
    for (int u = 0; u < 400; u++) {
      user(records, u);
    }
    RecordSource log = RecordSource.of(records);
    return ExperimentAnalysis.run(
        new AnalysisRequest(
            application,
            application.operations().experiments().list().getFirst(),
            log,
            log.endOffset(),
            START_MS + 5 * DAY_MS,
            AnalysisLimits.DEFAULT,
            version -> version.equals("v2") ? Map.of("ndcg@10 " + ATTACK, 0.25) : Map.of()));
  }

  private static void user(List<LogRecord> records, int u) {
    UserId user = new UserId("u" + u);
    long atMs = START_MS + u * 60_000L;
    records.add(
        new LogRecord.UserPut(
            user, Map.of("country", new AttributeValue.Text(ATTACK + u % 2)), atMs));
    records.add(
        new LogRecord.Exposed(
            new Exposure(
                "r" + u,
                user,
                user.value(),
                "test",
                1,
                u % 2 == 0 ? "control" : "treatment",
                0.5,
                Map.of("context.device", ATTACK)),
            atMs));
    ItemId item = new ItemId("i" + u % 5);
    for (int day = 0; day < 4; day++) {
      String request = "r" + u + (day == 0 ? "" : "_" + day);
      long shownMs = atMs + day * DAY_MS;
      records.add(
          new LogRecord.Happened(
              new Event(
                  request + ":0",
                  Event.IMPRESSION,
                  user,
                  item,
                  shownMs,
                  Double.NaN,
                  request,
                  new Impression(
                      request,
                      0,
                      1,
                      new Impression.Provenance("v1", "test=control", "popular", 1),
                      0,
                      0,
                      new float[0]))));
      if ((u / 2 + day) % 3 == 0) {
        records.add(
            new LogRecord.Happened(
                new Event(request + "c", "click", user, item, shownMs + 1000, Double.NaN)));
      }
    }
  }

  @Test
  void render_hostileNames_areEscapedEverywhere() {
    String page = HtmlReport.render(report());
    assertFalse(page.contains("<script"), "a tag got through");
    assertTrue(page.contains("&lt;script&gt;alert(&#39;x&#39;)"), "the names are shown");
  }

  @Test
  void render_page_needsNothingFromElsewhere() {
    String page = HtmlReport.render(report());
    assertFalse(page.contains("http:") || page.contains("https:") || page.contains("url("));
    assertFalse(page.contains(" src=") || page.contains("<link") || page.contains("@import"));
  }

  @Test
  void render_page_isWellFormedWithAllParts() {
    String page = HtmlReport.render(report());
    for (String part :
        List.of(
            "What could be wrong",
            "Units by arm",
            "Offline and online",
            "Relative differences with intervals",
            "Effect over time",
            "Effect by day",
            "Relative differences by segment",
            "Exposure by creator",
            "How this was made")) {
      assertTrue(page.contains(part), part);
    }
    Matcher tags = Pattern.compile("<(/?)([a-z0-9]+)[^>]*?(/?)>").matcher(page.replace("<!doctype html>", ""));
    List<String> open = new ArrayList<>();
    int seen = 0;
    while (tags.find()) {
      seen++;
      if (!tags.group(1).isEmpty()) {
        assertEquals(open.removeLast(), tags.group(2));
      } else if (tags.group(3).isEmpty() && !tags.group(2).equals("meta")) {
        open.add(tags.group(2));
      }
    }
    assertTrue(seen > 200, seen + " tags");
    assertTrue(open.isEmpty(), open.toString());
    assertFalse(page.contains("NaN"));
  }

  @Test
  void of_report_hasOnlyNumbersThatJsonHas() {
    Map<String, Object> json = JsonReport.of(report());
    assertEquals("test", json.get("experiment"));
    assertTrue(((Map<?, ?>) json.get("decision")).containsKey("what_could_be_wrong"));
    assertEquals(2, ((List<?>) json.get("arms")).size());
    assertTrue(numbers(json) > 100);
  }

  /** Counts numbers and refuses those that JSON does not have. */
  private static int numbers(Object value) {
    return switch (value) {
      case null -> 0;
      case Map<?, ?> map -> map.values().stream().mapToInt(HtmlReportTest::numbers).sum();
      case List<?> list -> list.stream().mapToInt(HtmlReportTest::numbers).sum();
      case Double number -> {
        assertTrue(Double.isFinite(number));
        yield 1;
      }
      case Number _ -> 1;
      default -> 0;
    };
  }
}
