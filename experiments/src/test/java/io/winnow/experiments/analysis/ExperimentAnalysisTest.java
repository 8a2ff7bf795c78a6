package io.winnow.experiments.analysis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Event;
import io.winnow.core.Exposure;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.Experiment;
import io.winnow.core.application.Experiments;
import io.winnow.events.RecordSource;
import io.winnow.experiments.analysis.ExperimentReport.Finding;
import io.winnow.experiments.analysis.ExperimentReport.Role;
import io.winnow.experiments.analysis.ExperimentReport.Status;
import io.winnow.experiments.bandit.Period;
import io.winnow.experiments.report.HtmlReport;
import io.winnow.experiments.statistics.SampleRatio;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class ExperimentAnalysisTest {
  private static final long DAY_MS = World.DAY_MS;
  private static final long START_MS = World.START_MS;

  /** The application with a test that has more settings, some in place of the usual ones. */
  private static ApplicationDefinition application(String more) {
    String usual =
        (more.contains("primary:") ? "" : "primary: clicks\n    guardrails: { reports: 0.1 }\n    ")
            + (more.contains("before:") ? "" : "before: 0d");
    return ApplicationFile.parse(
            """
            application: test
            items:   { attributes: { creator: string } }
            events:  { click: {}, report: {} }
            objectives: { click: 1.0 }
            metrics:
              ctr: ratio(click, slates)
              clicks: mean(click)
              reports: { is: mean(report), better: lower }
              spread: { is: gini(creator), better: lower }
              worths: mean(worth)
              capped: mean(click) cap 2
              quick: conversion(click) within 1h
              firsts: exposure(creator, c0)
            holdout: 0.1
            testers: { tester: { test: treatment } }
            experiments:
              test:
                from: 2026-05-28
                %s
                duration: 8d
                looks: 4
                %s
            """
                .formatted(usual, more),
            "winnow.yaml",
            Map.of())
        .definition();
  }

  private static AnalysisRequest request(String more, List<LogRecord> records, long nowMs) {
    ApplicationDefinition application = application(more);
    RecordSource log = RecordSource.of(records);
    return new AnalysisRequest(
        application,
        World.experiment(application),
        log,
        log.endOffset(),
        nowMs,
        AnalysisLimits.DEFAULT,
        _ -> Map.of());
  }

  private static AnalysisRequest with(AnalysisRequest request, AnalysisLimits limits) {
    return new AnalysisRequest(
        request.application(),
        request.experiment(),
        request.records(),
        request.toOffset(),
        request.nowMs(),
        limits,
        request.offline());
  }

  private static AnalysisRequest with(
      AnalysisRequest request, Experiment.Population population, Experiment.Goals goals) {
    Experiment of = request.experiment();
    return new AnalysisRequest(
        request.application(),
        new Experiment(of.name(), of.run(), population, of.design(), of.arms(), goals, of.plan()),
        request.records(),
        request.toOffset(),
        request.nowMs(),
        request.limits(),
        request.offline());
  }

  private static AnalysisRequest withGoals(
      AnalysisRequest request, String primary, Map<String, Double> guardrails) {
    return with(
        request,
        request.experiment().population(),
        new Experiment.Goals(primary, List.of(), guardrails, List.of()));
  }

  /** More events of every unit of an arm at a time. */
  private static List<LogRecord> later(
      List<LogRecord> records, String type, String arm, int count, long atMs) {
    List<LogRecord> all = new ArrayList<>(records);
    for (LogRecord record : records) {
      if (record instanceof LogRecord.Exposed(Exposure of, long _) && of.arm().equals(arm)) {
        for (int c = 0; c < count; c++) {
          String id = of.unit() + "later" + type + c;
          all.add(event(type, of.unit(), "i" + c, of.requestId(), atMs, id));
        }
      }
    }
    // Something of Winnow's own, so that the log's clock is known to have come so far.
    all.add(exposed("last", "last", arm, "last", atMs));
    return all;
  }

  private static LogRecord exposed(
      String user, String unit, String arm, String request, long atMs) {
    return new LogRecord.Exposed(
        new Exposure(request, new UserId(user), unit, "test", 1, arm, 0.5, Map.of()), atMs);
  }

  private static LogRecord event(
      String type, String user, String item, String request, long atMs, String id) {
    return new LogRecord.Happened(
        new Event(id, type, new UserId(user), new ItemId(item), atMs, Double.NaN, request, null));
  }

  private static LogRecord shown(
      String user, String item, String request, int position, String arm, long atMs) {
    return new LogRecord.Happened(
        new Event(
            request + ":" + position,
            Event.IMPRESSION,
            new UserId(user),
            new ItemId(item),
            atMs,
            Double.NaN,
            request,
            new Impression(
                request,
                position,
                1,
                new Impression.Provenance("v1", arm, "popular", 1),
                0,
                0,
                new float[0])));
  }

  /** Users of two arms, each with as many clicks and reports as a function says. */
  private static List<LogRecord> arms(
      int control, int treatment, double clickLift, double reportLift, long seed) {
    RandomGenerator random = new Seed(seed).generator("arms");
    List<LogRecord> records = new ArrayList<>();
    for (int u = 0; u < control + treatment; u++) {
      boolean treated = u >= control;
      String user = "u" + u;
      long atMs = START_MS + (u % 40) * 3_600_000L;
      records.add(exposed(user, user, treated ? "treatment" : "control", "r" + u, atMs));
      int clicks = (int) ((8 + 4 * random.nextGaussian()) * (treated ? 1 + clickLift : 1));
      for (int c = 0; c < clicks; c++) {
        records.add(event("click", user, "i" + c, "r" + u, atMs + c, user + "c" + c));
      }
      int reports = (int) ((6 + 2 * random.nextGaussian()) * (treated ? 1 + reportLift : 1));
      for (int c = 0; c < reports; c++) {
        records.add(event("report", user, "i" + c, "r" + u, atMs + c, user + "p" + c));
      }
    }
    return records;
  }

  private static final String SPLIT =
      "arms: { control: {}, treatment: { objectives: { click: 2 } } }";

  @Test
  void run_knownEffects_areInTheirIntervalsAsOftenAsTheySay() {
    int inside = 0;
    int shipped = 0;
    int runs = 60;
    for (int seed = 0; seed < runs; seed++) {
      World world = new World(700, 6, 0.5, false, 1000 + seed);
      // Clicks are drawn with probabilities that the treatment raises by half.
      ExperimentReport report = ExperimentAnalysis.run(world.request("ctr", "3", world.endMs()));
      ExperimentReport.Comparison of = report.metrics().getFirst().comparisons().getFirst();
      inside += of.lift().contains(0.5) ? 1 : 0;
      shipped += of.finding() == Finding.BETTER ? 1 : 0;
    }
    // Binomial(60, .95): below 52 with a chance of less than 1 in 300.
    assertTrue(inside >= 52, inside + " of " + runs);
    assertTrue(shipped >= 55, shipped + " of " + runs);
  }

  @Test
  void run_sameArms_isQuiet() {
    int called = 0;
    int runs = 60;
    for (int seed = 0; seed < runs; seed++) {
      World world = new World(400, 6, 0, true, 2000 + seed);
      ExperimentReport report = ExperimentAnalysis.run(world.request("ctr", "3", world.endMs()));
      called +=
          report.metrics().getFirst().comparisons().getFirst().finding() == Finding.UNCLEAR ? 0 : 1;
      assertFalse(report.verdict() instanceof Verdict.DoNotTrust && report.health().mixed() == 0);
    }
    // Binomial(60, .05): above 9 with a chance of less than 1 in 1000.
    assertTrue(called <= 9, called + " of " + runs);
  }

  @Test
  void run_betterAndSafe_isShipped() {
    ExperimentReport report =
        ExperimentAnalysis.run(
            request(SPLIT, arms(1000, 1000, 0.3, -0.1, 1), START_MS + 4 * DAY_MS));
    Verdict.Ship ship = assertInstanceOf(Verdict.Ship.class, report.verdict());
    assertEquals("treatment", ship.arm());
    assertEquals(2, report.about().looksDue());
    assertTrue(report.doubts().stream().anyMatch(doubt -> doubt.contains("early look")));
  }

  @Test
  void run_betterBetweenLooks_waitsForTheNextLook() {
    // The first of four looks in eight days comes after two days.
    ExperimentReport report =
        ExperimentAnalysis.run(
            request(SPLIT, arms(1000, 1000, 0.3, 0, 1), START_MS + 47 * 3_600_000L));
    assertInstanceOf(Verdict.GoOn.class, report.verdict());
    assertEquals(0, report.about().looksDue());
    assertEquals(Finding.UNCLEAR, report.metrics().getFirst().comparisons().getFirst().finding());
  }

  @Test
  void run_betterButGuardrailUnproven_isNotShipped() {
    // Reports are 5 % more with a margin of 10 %: too few users to tell.
    List<LogRecord> few = arms(60, 60, 0.5, 0.05, 3);
    Verdict running = ExperimentAnalysis.run(request(SPLIT, few, START_MS + 6 * DAY_MS)).verdict();
    assertInstanceOf(Verdict.GoOn.class, running);
    Verdict ended = ExperimentAnalysis.run(request(SPLIT, few, START_MS + 8 * DAY_MS)).verdict();
    Verdict.Keep keep = assertInstanceOf(Verdict.Keep.class, ended);
    assertTrue(keep.reason().contains("reports"), keep.reason());
  }

  @Test
  void run_guardrailBroken_isHarmfulThoughThePrimaryIsBetter() {
    ExperimentReport report =
        ExperimentAnalysis.run(request(SPLIT, arms(400, 400, 0.3, 0.5, 4), START_MS + 4 * DAY_MS));
    Verdict.Harmful harmful = assertInstanceOf(Verdict.Harmful.class, report.verdict());
    assertEquals("treatment", harmful.arm());
    assertTrue(harmful.reason().contains("reports"), harmful.reason());
  }

  @Test
  void run_sampleRatioMismatch_isNotTrustedHoweverGoodItLooks() {
    ExperimentReport report =
        ExperimentAnalysis.run(request(SPLIT, arms(700, 400, 0.5, 0, 5), START_MS + 8 * DAY_MS));
    assertInstanceOf(Verdict.DoNotTrust.class, report.verdict());
    assertTrue(report.doubts().getFirst().contains("Sample ratio mismatch"));
  }

  @Test
  void run_nobodyMetIt_waits() {
    ExperimentReport report = ExperimentAnalysis.run(request(SPLIT, List.of(), START_MS + DAY_MS));
    assertEquals(Status.WAITING, report.about().status());
    assertInstanceOf(Verdict.GoOn.class, report.verdict());
    assertTrue(HtmlReport.render(report).contains("Nobody has met the experiment yet."));
  }

  @Test
  void run_ofThreeArms_shipsTheBetterTreatment() {
    List<LogRecord> records = arms(400, 400, 0.3, 0, 6);
    arms(400, 0, 0, 0, 7)
        .forEach(record -> {
          // The same users' clicks under other names, in the third arm.
          if (record instanceof LogRecord.Exposed(Exposure of, long atMs)) {
            String user = "x" + of.unit();
            records.add(exposed(user, user, "other", "x" + of.requestId(), atMs));
          } else if (record instanceof LogRecord.Happened(Event of)) {
            records.add(
                event(
                    of.type(),
                    "x" + of.user(),
                    of.item().value(),
                    "r",
                    of.timeMs(),
                    "x" + of.id()));
          }
        });
    ExperimentReport report =
        ExperimentAnalysis.run(
            request(
                "arms: { control: {}, treatment: {}, other: {} }", records, START_MS + 8 * DAY_MS));
    assertEquals("treatment", assertInstanceOf(Verdict.Ship.class, report.verdict()).arm());
    assertEquals(
        List.of(Finding.BETTER, Finding.UNCLEAR),
        report.metrics().getFirst().comparisons().stream()
            .map(ExperimentReport.Comparison::finding)
            .toList());
  }

  @Test
  void run_otherRunsTestersAndUnknownArms_doNotCount() {
    List<LogRecord> records = new ArrayList<>(arms(30, 30, 0, 0, 8));
    records.add(exposed("tester", "tester", "treatment", "t1", START_MS));
    records.add(exposed("stranger", "stranger", "renamed", "t2", START_MS));
    records.add(
        new LogRecord.Exposed(
            new Exposure("t3", new UserId("old"), "old", "test", 2, "control", 0.5, Map.of()),
            START_MS));
    ExperimentReport report = ExperimentAnalysis.run(request(SPLIT, records, START_MS + DAY_MS));
    assertEquals(60, report.health().units());
    assertEquals(1, report.health().strangers());
  }

  @Test
  void run_moreUnitsThanFit_isOfASampleAndSaysSo() {
    AnalysisRequest whole = request(SPLIT, arms(1000, 1000, 0.3, 0, 9), START_MS + 8 * DAY_MS);
    ExperimentReport report =
        ExperimentAnalysis.run(
            with(whole, new AnalysisLimits(700, 10_000, 10_000, 300, 10_000, 10_000)));
    assertTrue(report.health().units() > 300 && report.health().units() <= 700);
    assertTrue(report.notes().getFirst().contains("1 in 4"), report.notes().toString());
    assertTrue(
        report.notes().stream().anyMatch(note -> note.contains("effect by day")),
        report.notes().toString());
    ExperimentReport.Comparison of = report.metrics().getFirst().comparisons().getFirst();
    assertTrue(of.lift().contains(0.3), of.lift().toString());
  }

  @Test
  void run_again_isTheSame() {
    World world = new World(300, 6, 0.2, true, 11);
    AnalysisRequest request = world.request("worth", "always", world.endMs());
    assertEquals(
        HtmlReport.render(ExperimentAnalysis.run(request)),
        HtmlReport.render(ExperimentAnalysis.run(request)));
  }

  @Test
  void run_timeline_isWhatAnAnalysisThenWouldHaveSaid() {
    World world = new World(500, 6, 0.2, true, 12);
    AnalysisRequest request = world.request("ctr", "3", world.endMs());
    ExperimentReport late = ExperimentAnalysis.run(request);
    long lookMs = START_MS + 4 * DAY_MS;
    List<LogRecord> records = world.records();
    int cut = 0;
    while (!(isServers(records.get(cut)) && records.get(cut).timeMs() >= lookMs)) {
      cut++;
    }
    ExperimentReport then =
        ExperimentAnalysis.run(
            new AnalysisRequest(
                request.application(),
                request.experiment(),
                request.records(),
                cut,
                lookMs,
                request.limits(),
                request.offline()));
    ExperimentReport.TimePoint point =
        late.timeline().stream().filter(at -> at.timeMs() == lookMs).findFirst().orElseThrow();
    assertEquals(2, point.look());
    // Units that were seen in a second arm later are known now and were not then: none here.
    Set<String> mixed = new HashSet<>(new NaiveAnalysis(records, "test", 1).mixed());
    mixed.removeAll(new NaiveAnalysis(records.subList(0, cut), "test", 1).mixed());
    double tolerance = mixed.isEmpty() ? 1e-12 : 0.05;
    assertEquals(
        then.metrics().getFirst().comparisons().getFirst().contrast().difference(),
        point.comparisons().getFirst().contrast().difference(),
        tolerance);
  }

  private static boolean isServers(LogRecord record) {
    return record instanceof LogRecord.Exposed
        || (record instanceof LogRecord.Happened(Event event) && event.impression() != null);
  }

  @Test
  void run_sessions_joinOutcomesByRequest() {
    List<LogRecord> records = new ArrayList<>();
    for (int s = 0; s < 400; s++) {
      // One user has all sessions; a click counts for the session of its request.
      String arm = s % 2 == 0 ? "control" : "treatment";
      long atMs = START_MS + s * 60_000L;
      records.add(exposed("ada", "s" + s, arm, "q" + s + "a", atMs));
      records.add(exposed("ada", "s" + s, arm, "q" + s + "b", atMs + 1000));
      for (int c = 0; c < (s % 2 == 0 ? 1 + s % 3 : 2 + s % 3); c++) {
        records.add(event("click", "ada", "i" + c, "q" + s + "b", atMs + 2000 + c, s + "c" + c));
      }
      records.add(event("click", "ada", "i9", "elsewhere", atMs + 3000, s + "stray"));
    }
    ExperimentReport report =
        ExperimentAnalysis.run(
            request("unit: session\n    " + SPLIT, records, START_MS + 8 * DAY_MS));
    List<Long> units = report.arms().stream().map(ExperimentReport.ArmSummary::units).toList();
    assertEquals(List.of(200L, 200L), units);
    ExperimentReport.Comparison of = report.metrics().getFirst().comparisons().getFirst();
    assertEquals(1, of.contrast().difference(), 0.05);
  }

  @Test
  void run_interleaving_creditsTheArmThatGaveTheItem() {
    List<LogRecord> records = new ArrayList<>();
    RandomGenerator random = new Seed(5).generator("interleaving");
    for (int u = 0; u < 300; u++) {
      String user = "u" + u;
      long atMs = START_MS + u * 1000L;
      records.add(exposed(user, user, Exposure.INTERLEAVED, "r" + u, atMs));
      records.add(shown(user, "a", "r" + u, 0, "other=x;test=treatment", atMs));
      records.add(shown(user, "b", "r" + u, 1, "test=control", atMs));
      records.add(shown(user, "c", "r" + u, 2, "test=shared", atMs));
      if (random.nextDouble() < 0.5) {
        records.add(event("click", user, "a", "r" + u, atMs + 5000, user + "a"));
      }
      if (random.nextDouble() < 0.3) {
        records.add(event("click", user, "b", "r" + u, atMs + 5000, user + "b"));
      }
      records.add(event("click", user, "c", "r" + u, atMs + 5000, user + "c"));
    }
    AnalysisRequest request =
        request("design: interleaving\n    " + SPLIT, records, START_MS + 8 * DAY_MS);
    Verdict unguarded = ExperimentAnalysis.run(withGoals(request, "clicks", Map.of())).verdict();
    assertEquals("treatment", assertInstanceOf(Verdict.Ship.class, unguarded).arm());
    ExperimentReport report = ExperimentAnalysis.run(request);
    // The file has a guardrail, which an interleaving cannot look at.
    Verdict.Keep keep = assertInstanceOf(Verdict.Keep.class, report.verdict());
    assertTrue(keep.reason().contains("Users prefer treatment"), keep.reason());
    assertTrue(keep.reason().contains("reports"), keep.reason());
    assertTrue(
        report.doubts().stream().anyMatch(doubt -> doubt.contains("not looked at")),
        report.doubts().toString());
    ExperimentReport.CreditResult of = report.preferences().getFirst();
    assertEquals(300, of.preference().units());
    assertEquals(-0.25, of.preference().estimate(), 0.12);
    assertTrue(HtmlReport.render(report).contains("Preference"));
  }

  @Test
  void run_bandit_estimatesFromPeriodsWithLoggedShares() {
    List<LogRecord> records = new ArrayList<>();
    RandomGenerator random = new Seed(6).generator("bandit");
    double[] shares = {0.5, 0.7, 0.9, 0.9};
    for (int day = 0; day < shares.length; day++) {
      for (int u = 0; u < 400; u++) {
        boolean treated = random.nextDouble() < shares[day];
        String user = "u" + u;
        String request = "r" + day + "_" + u;
        long atMs = START_MS + day * DAY_MS + u * 1000L;
        records.add(
            new LogRecord.Exposed(
                new Exposure(
                    request,
                    new UserId(user),
                    user,
                    "test",
                    1,
                    treated ? "treatment" : "control",
                    treated ? shares[day] : 1 - shares[day],
                    Map.of()),
                atMs));
        // Days get better while the treatment gets more of the traffic.
        int clicks = day / 2 + (treated ? 2 : 1) + random.nextInt(3);
        for (int c = 0; c < clicks; c++) {
          records.add(event("click", user, "i" + c, request, atMs + 1 + c, request + "c" + c));
        }
      }
    }
    ExperimentReport report =
        ExperimentAnalysis.run(
            request(
                "design: bandit\n    bandit: { metric: clicks, period: 1d, floor: 0.05 }\n    "
                    + SPLIT,
                records,
                START_MS + 8 * DAY_MS));
    ExperimentReport.BanditResult bandit = report.bandit();
    assertNotNull(bandit);
    assertEquals(4, bandit.periods().size());
    assertEquals(0.7, bandit.periods().get(1).shares().get(1), 1e-6);
    assertEquals(1, bandit.differences().getFirst().estimate(), 0.25);
    assertTrue(bandit.differences().getFirst().low() <= 1);
    assertTrue(bandit.differences().getFirst().high() >= 1);
    assertTrue(HtmlReport.render(report).contains("Shares of traffic by period"));
  }

  @Test
  void run_interleavingOfFewUsers_hasNoPreferenceYet() {
    for (int users = 0; users < 2; users++) {
      List<LogRecord> records = new ArrayList<>();
      if (users > 0) {
        records.add(exposed("ada", "ada", Exposure.INTERLEAVED, "r", START_MS));
        records.add(shown("ada", "a", "r", 0, "test=treatment", START_MS));
        records.add(event("click", "ada", "a", "r", START_MS + 1, "c"));
      }
      ExperimentReport report =
          ExperimentAnalysis.run(
              request("design: interleaving\n    " + SPLIT, records, START_MS + 8 * DAY_MS));
      assertEquals(List.of(), report.preferences());
      assertEquals(users, report.health().units());
      assertInstanceOf(Verdict.GoOn.class, report.verdict());
      assertFalse(HtmlReport.render(report).isEmpty());
    }
  }

  @Test
  void run_interleavingWithACapAndAWindow_creditsNoMoreThanTheMetricCounts() {
    List<LogRecord> records = new ArrayList<>();
    for (int u = 0; u < 2; u++) {
      String user = "u" + u;
      records.add(exposed(user, user, Exposure.INTERLEAVED, "r" + u, START_MS));
      records.add(shown(user, "a", "r" + u, 0, "test=treatment", START_MS));
      records.add(shown(user, "b", "s" + u, 0, "test=control", START_MS + 7_200_000));
      for (int c = 0; c < 5; c++) {
        records.add(event("click", user, "a", "r" + u, START_MS + 1 + c, user + "a" + c));
      }
      records.add(event("click", user, "b", "r" + u, START_MS + 7_200_001, user + "b"));
    }
    ExperimentReport report =
        ExperimentAnalysis.run(
            request(
                "design: interleaving\n    secondary: [capped, quick]\n    " + SPLIT,
                records,
                START_MS + 8 * DAY_MS));
    // By user: 5 clicks to 1; at most 2 to 1; one conversion within the hour to none.
    List<Double> differences =
        report.preferences().stream().map(of -> of.preference().difference()).toList();
    assertEquals(List.of(-4.0, -1.0, -1.0, 0.0), differences);
  }

  private static LogRecord drawn(String user, String arm, String request, long atMs) {
    return exposed(user, user, arm, request, atMs);
  }

  @Test
  void run_banditsOutcomeAfterThePeriod_belongsToTheSlateItCameFrom() {
    List<LogRecord> records = new ArrayList<>();
    long midnightMs = START_MS + DAY_MS;
    for (int u = 0; u < 80; u++) {
      String user = "u" + u;
      boolean treated = u % 2 == 0;
      // Shown five minutes before midnight; the treatment's users click five minutes after it.
      records.add(drawn(user, treated ? "treatment" : "control", "a" + u, midnightMs - 300_000));
      records.add(shown(user, "i", "a" + u, 0, "test=x", midnightMs - 300_000));
      if (treated) {
        records.add(event("click", user, "i", "a" + u, midnightMs + 300_000 + u, "c" + u));
      }
      // Half of them had come again before that, drawn anew; all others come an hour later.
      long againMs = midnightMs + (u % 4 < 2 ? 60_000 : 3_600_000);
      records.add(drawn(user, u % 4 < 2 ? "control" : "treatment", "b" + u, againMs));
      records.add(shown(user, "j", "b" + u, 0, "test=x", againMs));
    }
    String bandit = "design: bandit\n    bandit: { metric: %s, period: 1d, floor: 0.05 }\n    ";
    List<Period> worth = periods(bandit.formatted("worths") + SPLIT, records);
    // Worth by the showing's unit: 40 treated of the first day, and nothing of the second.
    assertEquals(40, worth.getFirst().arms().get(1).sum(), 1e-9);
    assertEquals(0, worth.getFirst().arms().getFirst().sum(), 1e-9);
    assertEquals(0, worth.get(1).arms().getFirst().sum() + worth.get(1).arms().get(1).sum(), 1e-9);
    List<Period> clicks = periods(bandit.formatted("clicks") + SPLIT, records);
    // Clicks by the newest exposure: the 20 who had come again are in the second day's control.
    assertEquals(20, clicks.getFirst().arms().get(1).sum(), 1e-9);
    assertEquals(20, clicks.get(1).arms().getFirst().sum(), 1e-9);
    assertEquals(0, clicks.get(1).arms().get(1).sum(), 1e-9);
  }

  private static List<Period> periods(String more, List<LogRecord> records) {
    ExperimentReport.BanditResult bandit =
        ExperimentAnalysis.run(request(more, records, START_MS + 8 * DAY_MS)).bandit();
    assertNotNull(bandit);
    assertEquals(2, bandit.periods().size());
    return bandit.periods();
  }

  @Test
  void run_banditWithoutFailuresOrSuccesses_isNotSure() {
    List<LogRecord> records = new ArrayList<>();
    for (int u = 0; u < 8; u++) {
      String user = "u" + u;
      boolean treated = u % 2 == 0;
      records.add(drawn(user, treated ? "treatment" : "control", "a" + u, START_MS + u));
      if (treated) {
        records.add(event("click", user, "i", "a" + u, START_MS + 100 + u, "c" + u));
      }
    }
    ExperimentReport report =
        ExperimentAnalysis.run(
            request(
                "design: bandit\n    bandit: { metric: quick, period: 1d, floor: 0.05 }\n    "
                    + SPLIT,
                records,
                START_MS + 8 * DAY_MS));
    assertNotNull(report.bandit());
    assertEquals(1, report.bandit().differences().getFirst().p());
    assertFalse(report.verdict() instanceof Verdict.Ship);
  }

  @Test
  void run_worthAcrossTheFirstExposure_isInNeitherTime() {
    List<LogRecord> records = new ArrayList<>();
    for (int u = 0; u < 60; u++) {
      String user = "u" + u;
      boolean treated = u % 2 == 0;
      long atMs = START_MS + DAY_MS;
      records.add(shown(user, "i", "b" + u, 0, "default", atMs - 600_000));
      if (u % 3 == 0) {
        records.add(event("click", user, "i", "b" + u, atMs - 300_000, user + "early"));
      }
      records.add(exposed(user, user, treated ? "treatment" : "control", "r" + u, atMs));
      records.add(shown(user, "j", "r" + u, 0, "test=x", atMs));
      if (treated) {
        records.add(shown(user, "i", "r" + u, 1, "test=x", atMs));
      }
      if (u % 3 == 0) {
        records.add(event("click", user, "j", "r" + u, atMs + 60_000, user + "j"));
      }
      // Shown before and clicked after, unless the treatment shows it once more.
      if (u % 3 == 0 || u % 5 == 0) {
        records.add(event("click", user, "i", "b" + u, atMs + 60_000, user + "late"));
      }
    }
    ExperimentReport report =
        ExperimentAnalysis.run(
            request(
                "primary: worths\n    before: 7d\n    " + SPLIT, records, START_MS + 4 * DAY_MS));
    ExperimentReport.MetricResult worths = report.metrics().getFirst();
    assertEquals(1 / 3.0, worths.arms().getFirst().value(), 1e-12);
    assertEquals(1 / 3.0 + 7 / 15.0, worths.arms().get(1).value(), 1e-12);
    assertTrue(worths.varianceReduction() > 0);
    // The time before is alike in both arms, so it must move neither.
    ExperimentReport.Comparison of = worths.comparisons().getFirst();
    assertEquals(1 / 3.0, of.contrast().control().value(), 1e-12);
    assertEquals(1 / 3.0 + 7 / 15.0, of.contrast().treatment().value(), 1e-12);
  }

  @Test
  void run_worthUploadedLate_belongsToTheShowingBeforeIt() {
    List<LogRecord> records = new ArrayList<>();
    for (int u = 0; u < 4; u++) {
      String user = "u" + u;
      long atMs = START_MS + 36_000_000;
      records.add(exposed(user, user, u % 2 == 0 ? "treatment" : "control", "r" + u, atMs));
      records.add(shown(user, "i", "r" + u, 0, "test=x", atMs));
      records.add(shown(user, "i", "s" + u, 0, "test=x", atMs + 3_600_000));
      // Came a minute after the first of both, reached the log after the second.
      records.add(event("click", user, "i", "r" + u, atMs + 60_000, user + "c"));
      records.add(event("click", user, "i", "s" + u, atMs + 3_660_000, user + "d"));
    }
    ExperimentReport report =
        ExperimentAnalysis.run(
            request("primary: worths\n    " + SPLIT, records, START_MS + 4 * DAY_MS));
    assertEquals(2, report.metrics().getFirst().arms().getFirst().value(), 1e-12);
    assertEquals(2, report.metrics().getFirst().arms().get(1).value(), 1e-12);
  }

  @Test
  void run_impressionsOfOtherRequests_areNoExposureOfTheArms() {
    List<LogRecord> records = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      records.add(
          new LogRecord.ItemPut(
              new ItemId("i" + i),
              Map.of("creator", new io.winnow.core.AttributeValue.Text("c" + i)),
              true,
              START_MS));
    }
    for (int u = 0; u < 400; u++) {
      String user = "u" + u;
      records.add(exposed(user, user, u % 2 == 1 ? "treatment" : "control", "r" + u, START_MS + u));
      records.add(shown(user, "i0", "r" + u, 0, "other=x;test=x", START_MS + u));
      // Another surface, which the experiment is not about.
      records.add(shown(user, "i" + u % 4, "s" + u, 0, "default", START_MS + 1000 + u));
    }
    ExperimentReport report =
        ExperimentAnalysis.run(
            request("secondary: [spread, firsts]\n    " + SPLIT, records, START_MS + 8 * DAY_MS));
    assertEquals(0.75, value(report, "spread"), 1e-9);
    assertEquals(1, value(report, "firsts"), 1e-9);
  }

  private static double value(ExperimentReport report, String metric) {
    return report.metrics().stream()
        .filter(of -> of.metric().name().equals(metric))
        .findFirst()
        .orElseThrow()
        .arms()
        .get(1)
        .value();
  }

  @Test
  void run_rareConversions_keepTheirDoubt() {
    List<LogRecord> records = new ArrayList<>();
    for (int u = 0; u < 200; u++) {
      String user = "u" + u;
      boolean treated = u % 2 == 1;
      if (u % 10 == 1) {
        records.add(event("click", user, "i", "q", START_MS - 1000, user + "b"));
      }
      records.add(exposed(user, user, treated ? "treatment" : "control", "r" + u, START_MS + u));
      if (u % 40 == 1) {
        records.add(event("click", user, "i", "r" + u, START_MS + 1000, user + "c"));
      }
    }
    ExperimentReport report =
        ExperimentAnalysis.run(
            request(
                "primary: quick\n    before: 7d\n    " + SPLIT, records, START_MS + 8 * DAY_MS));
    ExperimentReport.Comparison of = report.metrics().getFirst().comparisons().getFirst();
    // Nobody of the control converted: one more of each in 102.
    assertEquals(
        Math.sqrt(1 / 102.0 * (101 / 102.0) / 99), of.contrast().control().standardError(), 1e-12);
    assertEquals(0, of.contrast().control().value());
  }

  @Test
  void run_itemsRemovedMeanwhile_stillHadAClaimToExposure() {
    List<LogRecord> records = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      records.add(
          new LogRecord.ItemPut(
              new ItemId("i" + i),
              Map.of("creator", new io.winnow.core.AttributeValue.Text("c" + i)),
              true,
              START_MS));
    }
    for (int u = 0; u < 400; u++) {
      String user = "u" + u;
      records.add(exposed(user, user, u % 2 == 1 ? "treatment" : "control", "r" + u, START_MS + u));
      records.add(shown(user, "i" + u / 2 % 2, "r" + u, 0, "test=x", START_MS + u));
    }
    records.add(new LogRecord.ItemRemoved(new ItemId("i1"), START_MS + DAY_MS));
    ExperimentReport report =
        ExperimentAnalysis.run(request(SPLIT, records, START_MS + 8 * DAY_MS));
    ExperimentReport.ExposureResult creators =
        report.exposure().stream()
            .filter(of -> of.dimension().equals("creator"))
            .findFirst()
            .orElseThrow();
    assertEquals(0, creators.againstCatalogue().getFirst().value(), 0.03);
  }

  @Test
  void run_unequalTraffic_doesNotLookLikeUnequalExposure() {
    List<LogRecord> records = new ArrayList<>();
    RandomGenerator random = new Seed(7).generator("traffic");
    for (int i = 0; i < 200; i++) {
      records.add(
          new LogRecord.ItemPut(
              new ItemId("i" + i),
              Map.of("creator", new io.winnow.core.AttributeValue.Text("c" + i)),
              true,
              START_MS));
    }
    for (int u = 0; u < 8000; u++) {
      // One policy for both arms; the treatment has one in twenty of the users.
      String user = "u" + u;
      records.add(
          exposed(user, user, u % 20 == 1 ? "treatment" : "control", "r" + u, START_MS + u));
      records.add(shown(user, "i" + random.nextInt(200), "r" + u, 0, "test=x", START_MS + u));
    }
    ExperimentReport report =
        ExperimentAnalysis.run(
            request("secondary: [spread]\n    " + SPLIT, records, START_MS + 8 * DAY_MS));
    ExperimentReport.ExposureResult creators =
        report.exposure().stream()
            .filter(of -> of.dimension().equals("creator"))
            .findFirst()
            .orElseThrow();
    List<Double> gini = creators.gini().stream().map(of -> of.value()).toList();
    List<Double> distance = creators.againstCatalogue().stream().map(of -> of.value()).toList();
    // At 20 parts of the control's traffic against one, Gini's were .09 and .37.
    assertEquals(gini.getFirst(), gini.get(1), 0.05);
    assertEquals(distance.getFirst(), distance.get(1), 0.05);
  }

  @Test
  void run_holdout_comparesTheHeldOutWithAllOthers() {
    ApplicationDefinition application = application(SPLIT);
    Experiments experiments = application.operations().experiments();
    Experiment holdout = Holdout.find(experiments, "holdout").orElseThrow();
    assertEquals(
        List.of("held_out", "open"), holdout.arms().stream().map(Experiment.Arm::name).toList());
    assertEquals("ctr", holdout.goals().primary());
    assertFalse(holdout.goals().secondary().contains("spread"));
    assertTrue(Holdout.find(experiments, "nothing").isEmpty());
  }

  @Test
  void run_betterAndLaterWorse_isNotTrustedAndQuotesBoth() {
    List<LogRecord> better = arms(1000, 1000, 0.3, 0, 1);
    better.add(exposed("tick", "tick", "control", "tick", START_MS + 5 * DAY_MS));
    List<LogRecord> records = later(better, "click", "control", 10, START_MS + 6 * DAY_MS + 1);
    AnalysisRequest request = request(SPLIT, records, START_MS + 8 * DAY_MS);
    ExperimentReport report = ExperimentAnalysis.run(request);
    Verdict.DoNotTrust verdict =
        assertInstanceOf(Verdict.DoNotTrust.class, report.verdict(), report.verdict().toString());
    assertTrue(verdict.reason().contains("at look 1"), verdict.reason());
    assertTrue(verdict.reason().contains("the contrary later: -"), verdict.reason());
    assertEquals(Finding.UNCLEAR, report.metrics().getFirst().comparisons().getFirst().finding());
  }

  @Test
  void run_guardrailHarmedAtALook_staysHarmedThoughItRecovers() {
    List<LogRecord> harmed = arms(500, 500, 0, 0.5, 2);
    harmed.add(exposed("tick", "tick", "control", "tick", START_MS + 5 * DAY_MS));
    List<LogRecord> records = later(harmed, "report", "control", 3, START_MS + 6 * DAY_MS + 1);
    ExperimentReport report =
        ExperimentAnalysis.run(request(SPLIT, records, START_MS + 8 * DAY_MS));
    ExperimentReport.MetricResult reports = report.metrics().getLast();
    assertEquals(Role.GUARDRAIL, reports.role());
    assertTrue(reports.comparisons().getFirst().lift().low() < 0.1);
    assertEquals(Finding.HARMED, reports.comparisons().getFirst().finding());
    assertInstanceOf(Verdict.Harmful.class, report.verdict());
  }

  @Test
  void run_guardrailBetweenLooks_isNotJudged() {
    List<LogRecord> harmed = arms(500, 500, 0, 0.5, 2);
    for (long hours : new long[] {47, 49}) {
      ExperimentReport report =
          ExperimentAnalysis.run(request(SPLIT, harmed, START_MS + hours * 3_600_000L));
      Finding finding = report.metrics().getLast().comparisons().getFirst().finding();
      assertEquals(hours < 48 ? Finding.NOT_YET : Finding.HARMED, finding);
    }
  }

  @Test
  void run_guardrailOfRareEvents_findsHarmWhereTheControlHasNone() {
    for (int few : new int[] {0, 2}) {
      List<LogRecord> records = new ArrayList<>();
      RandomGenerator random = new Seed(12).generator("rare");
      for (int u = 0; u < 4000; u++) {
        String user = "u" + u;
        boolean treated = u % 2 == 1;
        records.add(exposed(user, user, treated ? "treatment" : "control", "r" + u, START_MS));
        for (int c = 0; c < random.nextInt(4); c++) {
          records.add(event("click", user, "i" + c, "r" + u, START_MS + 1, user + "c" + c));
        }
        if (treated ? u < 120 : u < 2 * few) {
          records.add(event("report", user, "i", "r" + u, START_MS + 2, user + "p"));
        }
      }
      ExperimentReport report =
          ExperimentAnalysis.run(request(SPLIT, records, START_MS + 8 * DAY_MS));
      Verdict.Harmful harmful =
          assertInstanceOf(Verdict.Harmful.class, report.verdict(), report.verdict().toString());
      assertTrue(harmful.reason().contains("reports"), harmful.reason());
    }
  }

  @Test
  void run_primaryWithoutACourse_isDecidedOnceAtTheEnd() {
    List<LogRecord> records = unequal();
    AnalysisRequest running =
        withGoals(request(SPLIT, records, START_MS + 7 * DAY_MS), "spread", Map.of());
    ExperimentReport before = ExperimentAnalysis.run(running);
    Verdict.GoOn goOn = assertInstanceOf(Verdict.GoOn.class, before.verdict());
    assertTrue(goOn.reason().contains("judged once"), goOn.reason());
    assertEquals(Finding.UNCLEAR, before.metrics().getFirst().comparisons().getFirst().finding());
    assertTrue(before.doubts().stream().anyMatch(doubt -> doubt.contains("judged once")));
    ExperimentReport after =
        ExperimentAnalysis.run(
            withGoals(request(SPLIT, records, START_MS + 8 * DAY_MS), "spread", Map.of()));
    assertEquals("treatment", assertInstanceOf(Verdict.Ship.class, after.verdict()).arm());
  }

  @Test
  void run_sampleRatioBeforeTheEnd_isJudgedByWhatHoldsHoweverOftenOneLooks() {
    List<LogRecord> records = arms(1000, 1160, 0, 0, 13);
    ExperimentReport running =
        ExperimentAnalysis.run(request(SPLIT, records, START_MS + 4 * DAY_MS));
    SampleRatio ratio = running.health().ratio();
    assertNotNull(ratio);
    assertTrue(ratio.alarm() && running.health().alwaysValidP() > 0.001);
    assertFalse(running.verdict() instanceof Verdict.DoNotTrust);
    ExperimentReport ended = ExperimentAnalysis.run(request(SPLIT, records, START_MS + 8 * DAY_MS));
    assertInstanceOf(Verdict.DoNotTrust.class, ended.verdict());
  }

  @Test
  void run_sampledWithoutADate_startsAtTheFirstExposureOfAll() {
    for (int first = 0; first < 6; first++) {
      List<LogRecord> records = new ArrayList<>();
      String user = "first" + first;
      records.add(exposed(user, user, "control", "q" + first, START_MS - DAY_MS));
      records.addAll(arms(1000, 1000, 0, 0, 14));
      AnalysisRequest dated = request(SPLIT, records, START_MS + 4 * DAY_MS);
      Experiment.Population of = dated.experiment().population();
      AnalysisRequest undated =
          with(
              with(dated, new AnalysisLimits(700, 10_000, 10_000, 300, 10_000, 10_000)),
              new Experiment.Population(
                  of.unit(), of.layer(), of.share(), of.traffic(), of.when(), null, of.until()),
              dated.experiment().goals());
      assertEquals(START_MS - DAY_MS, ExperimentAnalysis.run(undated).about().startMs());
    }
  }

  /** A bandit of two periods, whose treatment has so many more or fewer of both. */
  private static List<LogRecord> periods(int moreClicks, int moreReports) {
    List<LogRecord> records = new ArrayList<>();
    RandomGenerator random = new Seed(15).generator("periods");
    for (int u = 0; u < 1600; u++) {
      boolean treated = random.nextBoolean();
      String user = "u" + u % 800;
      String request = "r" + u;
      long atMs = START_MS + u / 800 * DAY_MS + u % 800 * 1000L;
      records.add(exposed(user, user, treated ? "treatment" : "control", request, atMs));
      int clicks = 3 + random.nextInt(3) + (treated ? moreClicks : 0);
      for (int c = 0; c < clicks; c++) {
        records.add(event("click", user, "i" + c, request, atMs + 1, request + "c" + c));
      }
      int reports = 3 + random.nextInt(3) + (treated ? moreReports : 0);
      for (int c = 0; c < reports; c++) {
        records.add(event("report", user, "i" + c, request, atMs + 1, request + "p" + c));
      }
    }
    return records;
  }

  private static Verdict banditOf(String metric, List<LogRecord> records) {
    String design =
        "design: bandit\n    bandit: { metric: %s, period: 1d, floor: 0.05 }\n    "
            .formatted(metric);
    return ExperimentAnalysis.run(request(design + SPLIT, records, START_MS + 8 * DAY_MS))
        .verdict();
  }

  @Test
  void run_banditOfALowerMetric_shipsWhatHasLess() {
    Verdict.Ship ship = assertInstanceOf(Verdict.Ship.class, banditOf("reports", periods(0, -2)));
    assertTrue(ship.reason().contains("in reports: -"), ship.reason());
  }

  @Test
  void run_banditWithGuardrail_shipsOnlyIfItIsSafe() {
    assertInstanceOf(Verdict.Ship.class, banditOf("clicks", periods(2, 0)));
    Verdict.Keep keep = assertInstanceOf(Verdict.Keep.class, banditOf("clicks", periods(2, 2)));
    assertTrue(keep.reason().contains("reports is not shown to be safe"), keep.reason());
  }

  /** Slates of one item; the control shows one creator only, the treatment all alike. */
  private static List<LogRecord> unequal() {
    List<LogRecord> records = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      records.add(
          new LogRecord.ItemPut(
              new ItemId("i" + i),
              Map.of("creator", new io.winnow.core.AttributeValue.Text("c" + i)),
              true,
              START_MS));
    }
    for (int u = 0; u < 2000; u++) {
      boolean treated = u % 2 == 1;
      String user = "u" + u;
      records.add(exposed(user, user, treated ? "treatment" : "control", "r" + u, START_MS + u));
      records.add(
          shown(user, treated ? "i" + (u / 2 % 4) : "i0", "r" + u, 0, "test=x", START_MS + u));
    }
    return records;
  }

  @Test
  void run_gini_isOverTheCatalogueAndComparedAtEqualTraffic() {
    List<LogRecord> records = unequal();
    ExperimentReport report =
        ExperimentAnalysis.run(
            request("secondary: [spread]\n    " + SPLIT, records, START_MS + 8 * DAY_MS));
    ExperimentReport.MetricResult spread =
        report.metrics().stream()
            .filter(of -> of.role() == Role.SECONDARY)
            .findFirst()
            .orElseThrow();
    assertEquals(0.75, spread.arms().getFirst().value(), 1e-9);
    assertEquals(0, spread.arms().get(1).value(), 0.05);
    ExperimentReport.ExposureResult creators =
        report.exposure().stream()
            .filter(of -> of.dimension().equals("creator"))
            .findFirst()
            .orElseThrow();
    assertEquals(0.75, creators.againstCatalogue().getFirst().value(), 1e-9);
    assertEquals(4, creators.groups().size());
    assertEquals(
        1, creators.groups().stream().mapToDouble(ExperimentReport.Group::merit).sum(), 1e-9);
  }

  @Test
  void of_unknownMetric_isRefusedWithTheKnownOnes() {
    AnalysisRequest good = request(SPLIT, List.of(), START_MS);
    Experiment of = good.experiment();
    Experiment bad =
        new Experiment(
            of.name(),
            1,
            of.population(),
            of.design(),
            of.arms(),
            new Experiment.Goals("nothing", List.of(), Map.of(), List.of()),
            of.plan());
    WinnowException failure =
        assertThrows(
            WinnowException.class,
            () ->
                ExperimentAnalysis.run(
                    new AnalysisRequest(
                        good.application(),
                        bad,
                        good.records(),
                        0,
                        START_MS,
                        AnalysisLimits.DEFAULT,
                        _ -> Map.of())));
    assertTrue(failure.getMessage().contains("nothing"), failure.getMessage());
    assertTrue(failure.getMessage().contains("ctr"), failure.getMessage());
  }
}
