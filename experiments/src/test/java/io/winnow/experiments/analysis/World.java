package io.winnow.experiments.analysis;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.Exposure;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.Experiment;
import io.winnow.events.RecordSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * A seeded world of users who come daily, are shown slates and click; what the log would hold.
 *
 * @param users how many
 * @param days of the experiment, behind {@link #DAYS_BEFORE} days before it
 * @param lift of the treatment's click probability
 * @param disorder whether events reach the log late, ahead of their time, or with equal times
 * @param seed of everything
 */
record World(int users, int days, double lift, boolean disorder, long seed) {
  static final long START_MS = java.time.Instant.parse("2026-05-28T00:00:00Z").toEpochMilli();
  static final int DAYS_BEFORE = 7;
  static final long DAY_MS = TimeUnit.DAYS.toMillis(1);
  private static final int ITEMS = 60;
  private static final int SLATE = 4;

  static final String YAML =
      """
      application: test
      items:   { attributes: { category: string, creator: string } }
      users:   { attributes: { country: string } }
      events:  { click: {}, watch: { value: seconds }, buy: {} }
      objectives: { click: 1.0, long_view: { when: watch.value >= 30, weight: 2.0 } }
      metrics:
        ctr: ratio(click, slates)
        worth: ratio(worth, slates)
        watch: mean(watch.value) cap 120
        buyers: { is: conversion(buy) within 2d }
        back: retention(1d, 3d)
        p90: quantile(0.9, watch.value)
        news: exposure(category, c1)
        spread: gini(creator)
        covered: coverage(item)
        fair: { is: "disparity(creator, merit)", better: lower }
      experiments:
        test:
          from: %s
          arms: { control: {}, treatment: { objectives: { click: 3 } } }
          primary: %s
          secondary: [worth, watch, buyers, back, p90, news, spread, covered, fair]
          guardrails: { watch: 0.2 }
          segments: [user.country, context.device, surface, new_users]
          duration: %dd
          looks: %s
          before: 7d
      """;

  static ApplicationDefinition application(String primary, int days, String looks) {
    return ApplicationFile.parse(
            YAML.formatted(java.time.Instant.ofEpochMilli(START_MS), primary, days, looks),
            "winnow.yaml",
            Map.of())
        .definition();
  }

  static Experiment experiment(ApplicationDefinition application) {
    return application.operations().experiments().experiment("test").orElseThrow();
  }

  AnalysisRequest request(String primary, String looks, long nowMs) {
    ApplicationDefinition application = application(primary, days, looks);
    RecordSource log = RecordSource.of(records());
    return new AnalysisRequest(
        application,
        experiment(application),
        log,
        log.endOffset(),
        nowMs,
        AnalysisLimits.DEFAULT,
        _ -> Map.of());
  }

  long endMs() {
    return START_MS + days * DAY_MS;
  }

  /** When an item came into the catalogue. */
  static long putMs(int item) {
    return item % 5 == 4 ? START_MS + (item % 7) * DAY_MS : START_MS - DAYS_BEFORE * DAY_MS;
  }

  private record Timed(long atMs, int order, LogRecord record) {}

  /** The log, in the order in which records reached it. */
  List<LogRecord> records() {
    RandomGenerator random = new Seed(seed).generator("world");
    List<Timed> timed = new ArrayList<>();
    for (int i = 0; i < ITEMS; i++) {
      Map<String, AttributeValue> attributes =
          Map.of(
              "category", new AttributeValue.Text("c" + i % 4),
              "creator", new AttributeValue.Text("creator" + i % 9));
      long atMs = putMs(i);
      add(timed, atMs, new LogRecord.ItemPut(new ItemId("i" + i), attributes, i % 11 != 7, atMs));
    }
    for (int u = 0; u < users; u++) {
      user(random, timed, u);
    }
    timed.sort(Comparator.comparingLong(Timed::atMs).thenComparingInt(Timed::order));
    return timed.stream().map(Timed::record).toList();
  }

  private static void add(List<Timed> timed, long atMs, LogRecord record) {
    timed.add(new Timed(atMs, timed.size(), record));
  }

  private void user(RandomGenerator random, List<Timed> timed, int u) {
    UserId user = new UserId("u" + u);
    boolean treated = random.nextBoolean();
    double taste = 0.02 + 0.3 * Math.pow(random.nextDouble(), 3);
    double activity = random.nextDouble();
    int firstDay = u % 3 == 0 ? 0 : -DAYS_BEFORE;
    if (u % 4 != 3) {
      add(
          timed,
          START_MS - DAY_MS,
          new LogRecord.UserPut(
              user,
              Map.of("country", new AttributeValue.Text(u % 2 == 0 ? "de" : "at")),
              START_MS - DAY_MS));
    }
    for (int day = firstDay; day < days; day++) {
      if (random.nextDouble() < activity) {
        long atMs = START_MS + day * DAY_MS + random.nextLong(DAY_MS);
        visit(random, timed, user, u, day, atMs, treated, taste);
      }
    }
  }

  private void visit(
      RandomGenerator random,
      List<Timed> timed,
      UserId user,
      int u,
      int day,
      long atMs,
      boolean treated,
      double taste) {
    String request = "r" + u + "_" + day;
    // One in 40 is seen in the other arm, once.
    boolean strays = disorder && u % 40 == 17 && day % 5 == 3;
    String arm = treated != strays ? "treatment" : "control";
    if (day >= 0) {
      add(
          timed,
          atMs,
          new LogRecord.Exposed(
              new Exposure(
                  request,
                  user,
                  user.value(),
                  "test",
                  1,
                  arm,
                  0.5,
                  Map.of("context.device", u % 3 == 0 ? "tv" : "phone", "surface", "home")),
              atMs));
    }
    double chance = taste * (day >= 0 && treated ? 1 + lift : 1);
    for (int position = 0; position < SLATE; position++) {
      ItemId item = new ItemId("i" + (int) (ITEMS * Math.pow(random.nextDouble(), treated ? 1.5 : 2)));
      add(timed, atMs, impression(request, user, item, position, atMs));
      if (random.nextDouble() < chance / (1 + position)) {
        outcome(random, timed, user, item, request, position, atMs, "click", Double.NaN);
        double seconds = Math.round(1000 * -40 * Math.log(1 - random.nextDouble())) / 1000.0;
        outcome(random, timed, user, item, request, position, atMs, "watch", seconds);
        if (random.nextInt(10) == 0) {
          outcome(random, timed, user, item, request, position, atMs, "buy", Double.NaN);
        }
      }
    }
  }

  static LogRecord impression(
      String request, UserId user, ItemId item, int position, long atMs) {
    return new LogRecord.Happened(
        new Event(
            request + "/" + position,
            Event.IMPRESSION,
            user,
            item,
            atMs,
            Double.NaN,
            null,
            new Impression(
                request,
                position,
                1,
                new Impression.Provenance("v1", "test=control", "popular", 1),
                0,
                0,
                new float[0])));
  }

  private void outcome(
      RandomGenerator random,
      List<Timed> timed,
      UserId user,
      ItemId item,
      String request,
      int position,
      long shownMs,
      String type,
      double value) {
    long delayMs = disorder && random.nextInt(9) == 0 ? 0 : random.nextLong(40 * 60_000L);
    // A client whose clock is behind says that it happened before it was shown.
    long atMs = disorder && random.nextInt(50) == 0 ? shownMs - 60_000 : shownMs + delayMs;
    long arrivesMs = disorder && random.nextInt(20) == 0 ? atMs + 2 * DAY_MS : atMs;
    add(
        timed,
        arrivesMs,
        new LogRecord.Happened(
            new Event(
                request + "/" + position + "/" + type,
                type,
                user,
                item,
                atMs,
                value,
                request,
                null)));
  }
}
