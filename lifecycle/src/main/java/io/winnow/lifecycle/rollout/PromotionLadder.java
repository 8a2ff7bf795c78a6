package io.winnow.lifecycle.rollout;

import io.winnow.core.ErrorCode;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.Objectives;
import io.winnow.core.application.Rollout.Canary;
import io.winnow.events.RecordSource;
import io.winnow.lifecycle.registry.Cause;
import io.winnow.lifecycle.registry.Registry;
import io.winnow.lifecycle.registry.Rollout;
import io.winnow.lifecycle.registry.Rollout.Stage;
import io.winnow.lifecycle.registry.ServerStatus;
import io.winnow.lifecycle.registry.ServingPlan;
import io.winnow.lifecycle.rollout.TrialObservations.Counts;
import io.winnow.lifecycle.rollout.TrialObservations.Side;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Takes a release to its users, or back: offline gate, shadow, canary with rising shares, live and
 * watched, done. Each step needs what the application file's {@code rollout} asks for; a broken
 * guardrail ends the rollout, and each decision is recorded with its sentence and its numbers.
 *
 * <p>Its state is the registry's open rollout; what it decides by is what servers observed ({@link
 * TrialObservations}) and the log. So any server may take a step at any time, and several at once:
 * of two decisions at the same moment one is taken. Deciding earlier or more often makes no
 * decision wrong: all tests hold at all looks together.
 *
 * <p>Thread-safe; one step at a time.
 */
public final class PromotionLadder {
  /**
   * The chance that the guardrails of answers refuse a release that is no worse, over all looks and
   * stages.
   */
  private static final double HEALTH_ALPHA = 0.01;

  private static final int STAGES_WATCHED = 3;

  /** How long a server may be unable to serve a candidate before the candidate is to blame. */
  private static final Duration LOAD_PATIENCE = Duration.ofSeconds(30);

  /** A server that said nothing for longer is not there. */
  private static final Duration SERVER_FRESH = Duration.ofSeconds(15);

  private static final String ACTOR = "ladder";
  private static final String LOG_OFFSET = "log_offset";
  private static final String SHARE = "share";

  private final Registry registry;
  private final RecordSource log;
  private final Supplier<ApplicationDefinition> application;
  private final TimeSource wallClock;
  private @Nullable OutcomeEvidence evidence;
  private @Nullable GateReport waiting;

  /**
   * @param log what users did
   * @param application holds the thresholds and the objectives
   * @param wallClock tells which servers are there
   */
  public PromotionLadder(
      Registry registry,
      RecordSource log,
      Supplier<ApplicationDefinition> application,
      TimeSource wallClock) {
    this.registry = registry;
    this.log = log;
    this.application = application;
    this.wallClock = wallClock;
  }

  /**
   * What a step came to.
   *
   * @param rollout as it is now; null if none was open
   * @param moved whether something was decided
   * @param text a sentence: what was decided, or what it waits for
   */
  public record Step(@Nullable Rollout rollout, boolean moved, String text) {}

  /**
   * How the open rollout stands.
   *
   * @param rollout the open one
   * @param observations of all servers
   * @param outcomes of the canary's users; null in other stages
   */
  public record Standing(
      Rollout rollout, TrialObservations observations, @Nullable OutcomeComparison outcomes) {}

  /** What is known when a step is taken. */
  private record Now(
      Rollout rollout,
      ServingPlan plan,
      io.winnow.core.application.Rollout thresholds,
      TrialObservations observations,
      long nowMs) {
    Duration inStage() {
      return Duration.ofMillis(Math.max(0, nowMs - rollout.stageSinceMs()));
    }

    Counts of(Side side) {
      return observations.of(side);
    }
  }

  /**
   * Looks at the open rollout and moves it if the evidence says so.
   *
   * @param nowMs by the clock of requests
   * @throws WinnowException with {@code UNAVAILABLE} if the registry does not answer
   */
  public synchronized Step step(long nowMs) {
    Optional<Now> open = now(nowMs);
    if (open.isEmpty()) {
      evidence = null;
      return new Step(null, false, "no rollout is open");
    }
    Now now = open.get();
    try {
      Optional<Step> overtaken = overtaken(now);
      if (overtaken.isPresent()) {
        return overtaken.get();
      }
      return switch (now.rollout.stage()) {
        case GATE -> undecided(now, waitsFor(now), Map.of());
        case SHADOW -> shadow(now);
        case CANARY -> canary(now);
        case LIVE -> live(now);
        case DONE, REJECTED, ROLLED_BACK, CANCELLED -> wait(now, "has ended");
      };
    } catch (WinnowException e) {
      if (e.code() == ErrorCode.CONFLICT) {
        return wait(now, "was moved by somebody else meanwhile");
      }
      throw e;
    }
  }

  /**
   * Takes the offline gate's report. A report of another candidate, or one that comes when the gate
   * was passed already, changes nothing.
   */
  public synchronized Step judge(GateReport report, long nowMs) {
    Optional<Now> open = now(nowMs);
    if (open.isEmpty()) {
      return new Step(null, false, "no rollout is open");
    }
    Now now = open.get();
    if (now.rollout.stage() != Stage.GATE || !report.candidate().equals(now.rollout.candidate())) {
      return wait(now, "does not wait for a report about " + report.candidate());
    }
    return switch (report.verdict()) {
      case WAITING -> {
        waiting = report;
        yield undecided(now, waitsFor(now), report.numbers());
      }
      case FAILED ->
          end(now, Stage.REJECTED, "the offline gate failed: " + report.reason(), report.numbers());
      case PASSED ->
          now.rollout.champion().isEmpty()
              ? promote(now, "the gate is passed, and there is no champion", report.numbers())
              : toShadow(now, report.numbers());
    };
  }

  private String waitsFor(Now now) {
    GateReport last = waiting;
    return last != null && last.candidate().equals(now.rollout.candidate())
        ? last.reason()
        : "no report about it came";
  }

  /**
   * Waits for the offline gate, but not for ever: while a rollout is open no other begins, and
   * nothing is trained by schedule.
   */
  private Step undecided(Now now, String why, Map<String, Double> numbers) {
    Duration patience = now.thresholds.shadow().patience();
    if (now.inStage().compareTo(patience) <= 0) {
      return wait(now, "waits for the offline gate: " + why);
    }
    return end(
        now,
        Stage.CANCELLED,
        "the offline gate did not decide within " + patience + ": " + why,
        numbers);
  }

  /** How the open rollout stands; empty if none is open. Takes in what the log holds by now. */
  public synchronized Optional<Standing> standing(long nowMs) {
    return now(nowMs)
        .map(now ->
            new Standing(
                now.rollout,
                now.observations,
                now.rollout.stage() == Stage.CANARY ? outcomes(now) : null));
  }

  private Optional<Now> now(long nowMs) {
    return registry
        .openRollout()
        .map(rollout ->
            new Now(
                rollout,
                registry.plan(),
                application.get().operations().rollout(),
                observations(rollout),
                nowMs));
  }

  private TrialObservations observations(Rollout rollout) {
    List<TrialObservations> servers = new ArrayList<>();
    registry
        .observations(rollout.id())
        .values()
        .forEach(json -> servers.add(TrialObservations.fromJson(json)));
    return TrialObservations.merge(servers);
  }

  /** Where the plan is not what this rollout made it, somebody else decided. */
  private Optional<Step> overtaken(Now now) {
    String expected =
        now.rollout.stage() == Stage.LIVE ? now.rollout.candidate() : now.rollout.champion();
    String champion = now.plan.champion() == null ? "" : now.plan.champion();
    if (champion.equals(expected)) {
      return Optional.empty();
    }
    String text = "release " + champion + " was put in place by somebody else";
    Stage to = now.rollout.stage() == Stage.LIVE ? Stage.ROLLED_BACK : Stage.CANCELLED;
    return Optional.of(move(now, to, now.plan.withoutTrials(), text, Map.of()));
  }

  private Step shadow(Now now) {
    io.winnow.core.application.Rollout.Shadow asked = now.thresholds.shadow();
    Optional<Step> unservable = unservable(now, Stage.REJECTED);
    if (unservable.isPresent()) {
      return unservable.get();
    }
    Counts seen = now.of(Side.SHADOW);
    Guardrails.Findings health =
        Guardrails.judge(asked.health(), seen, now.of(Side.TWIN), HEALTH_ALPHA / STAGES_WATCHED);
    Map<String, Double> numbers = new TreeMap<>(health.numbers());
    numbers.put("overlap", now.observations.shadow().meanOverlap());
    if (health.isBroken()) {
      return end(
          now,
          Stage.REJECTED,
          "in shadow a guardrail broke: " + String.join("; ", health.broken()),
          numbers);
    }
    if (seen.requests() >= asked.minRequests()) {
      return toCanary(
          now,
          String.format(
              Locale.ROOT,
              "in shadow %,d requests were answered as well as the champion does",
              seen.requests()),
          numbers);
    }
    if (now.inStage().compareTo(asked.patience()) > 0) {
      return end(
          now,
          Stage.CANCELLED,
          String.format(
              Locale.ROOT,
              "in shadow only %,d of %,d requests came in %s",
              seen.requests(),
              asked.minRequests(),
              asked.patience()),
          numbers);
    }
    return wait(
        now, "in shadow, %,d of %,d requests".formatted(seen.requests(), asked.minRequests()));
  }

  private Step canary(Now now) {
    Canary asked = now.thresholds.canary();
    Optional<Step> unservable = unservable(now, Stage.ROLLED_BACK);
    if (unservable.isPresent()) {
      return unservable.get();
    }
    Guardrails.Findings health =
        Guardrails.judge(
            asked.health(),
            now.of(Side.CHALLENGER),
            now.of(Side.CHAMPION),
            HEALTH_ALPHA / STAGES_WATCHED);
    if (health.isBroken()) {
      return end(
          now,
          Stage.ROLLED_BACK,
          "as canary a guardrail broke: " + String.join("; ", health.broken()),
          health.numbers());
    }
    OutcomeComparison outcomes = outcomes(now);
    Map<String, Double> numbers = new TreeMap<>(health.numbers());
    numbers.putAll(outcomes.numbers());
    if (outcomes.lift().high() < 0) {
      return end(
          now,
          Stage.ROLLED_BACK,
          "users of the canary did less: " + describe(now, outcomes),
          numbers);
    }
    boolean enough = outcomes.stepSlates() >= asked.minSlates();
    boolean last = now.rollout.step() >= asked.shares().size() - 1;
    if (enough && !last) {
      return canaryStep(
          now,
          now.rollout.step() + 1,
          "the step showed nothing bad: " + describe(now, outcomes),
          numbers);
    }
    if (enough && outcomes.lift().low() > -asked.maxLoss()) {
      return promote(
          now,
          String.format(
              Locale.ROOT,
              "no loss of %.1f %% or more: %s",
              100 * asked.maxLoss(),
              describe(now, outcomes)),
          numbers);
    }
    if (now.inStage().compareTo(asked.patience()) > 0) {
      return end(
          now,
          Stage.CANCELLED,
          "undecided for " + asked.patience() + ": " + describe(now, outcomes),
          numbers);
    }
    return wait(now, "as canary, " + describe(now, outcomes));
  }

  private Step live(Now now) {
    io.winnow.core.application.Rollout.Live asked = now.thresholds.live();
    Optional<Step> unservable = unservable(now, Stage.ROLLED_BACK);
    if (unservable.isPresent()) {
      return unservable.get();
    }
    Counts before =
        now.of(Side.CHAMPION).requests() > 0 ? now.of(Side.CHAMPION) : now.of(Side.TWIN);
    Guardrails.Findings health =
        Guardrails.judge(asked.health(), now.of(Side.LIVE), before, HEALTH_ALPHA / STAGES_WATCHED);
    if (health.isBroken() && !now.rollout.champion().isEmpty()) {
      return end(
          now,
          Stage.ROLLED_BACK,
          "live, a guardrail broke: " + String.join("; ", health.broken()),
          health.numbers());
    }
    if (now.inStage().compareTo(asked.watch()) >= 0) {
      return move(
          now,
          Stage.DONE,
          now.plan,
          "live for " + asked.watch() + " without a broken guardrail",
          health.numbers());
    }
    return wait(now, "live, watched for " + asked.watch());
  }

  private Step toShadow(Now now, Map<String, Double> numbers) {
    io.winnow.core.application.Rollout.Shadow asked = now.thresholds.shadow();
    String text = "the offline gate is passed";
    return asked.share() > 0 && asked.minRequests() > 0
        ? move(
            now,
            Stage.SHADOW,
            now.plan.withShadow(now.rollout.candidate(), asked.share()),
            text,
            numbers)
        : toCanary(now, text, numbers);
  }

  private Step toCanary(Now now, String text, Map<String, Double> numbers) {
    return now.thresholds.canary().shares().isEmpty()
        ? promote(now, text, numbers)
        : canaryStep(now, 0, text, numbers);
  }

  private Step canaryStep(Now now, int step, String text, Map<String, Double> numbers) {
    double share = now.thresholds.canary().shares().get(step);
    Map<String, Double> all = new TreeMap<>(numbers);
    all.put(SHARE, share);
    ServingPlan plan =
        now.plan.withCanary(
            now.rollout.candidate(), new ServingPlan.Canary(now.rollout.id(), share));
    return move(
        now,
        Stage.CANARY,
        step,
        plan,
        String.format(Locale.ROOT, "%s; %.0f %% of users get it", text, 100 * share),
        all);
  }

  private Step promote(Now now, String text, Map<String, Double> numbers) {
    return move(now, Stage.LIVE, now.plan.promote(now.rollout.candidate()), text, numbers);
  }

  /** Ends it: users get the champion, or the one of before where the candidate is live. */
  private Step end(Now now, Stage to, String text, Map<String, Double> numbers) {
    ServingPlan plan =
        now.rollout.stage() == Stage.LIVE
            ? RollbackPlan.of(registry, now.plan, now.rollout.champion())
            : now.plan.withoutTrials();
    return move(now, to, plan, text, numbers);
  }

  private Step move(Now now, Stage to, ServingPlan plan, String text, Map<String, Double> numbers) {
    return move(now, to, now.rollout.step(), plan, text, numbers);
  }

  private Step move(
      Now now, Stage to, int step, ServingPlan plan, String text, Map<String, Double> numbers) {
    long logEnd = log.endOffset();
    Map<String, Double> all = new TreeMap<>(numbers);
    all.put(LOG_OFFSET, (double) logEnd);
    Rollout moved =
        registry.advance(now.rollout, to, step, logEnd, plan, new Cause(ACTOR, text, all));
    return new Step(moved, true, to.label() + ": " + text);
  }

  private static Step wait(Now now, String text) {
    return new Step(now.rollout, false, now.rollout.candidate() + " " + text);
  }

  /** Where a server that is there has not been able to serve the candidate for a while. */
  private Optional<Step> unservable(Now now, Stage to) {
    for (ServerStatus server : registry.servers()) {
      boolean there = wallClock.nowMs() - server.seenMs() <= SERVER_FRESH.toMillis();
      OptionalLong unserved = ServerProblems.unservedMs(server, now.rollout.candidate());
      if (there && unserved.isPresent() && unserved.getAsLong() >= LOAD_PATIENCE.toMillis()) {
        String text = "server " + server.server() + " says: " + server.problem();
        return Optional.of(
            now.rollout.stage() == Stage.LIVE && now.rollout.champion().isEmpty()
                ? wait(now, text)
                : end(now, to, text, Map.of()));
      }
    }
    return Optional.empty();
  }

  private OutcomeComparison outcomes(Now now) {
    Canary asked = now.thresholds.canary();
    List<OutcomeEvidence.Step> steps = new ArrayList<>();
    for (Rollout.Decision decision : now.rollout.decisions()) {
      Double offset = decision.cause().numbers().get(LOG_OFFSET);
      Double share = decision.cause().numbers().get(SHARE);
      if (decision.to() == Stage.CANARY && offset != null && share != null) {
        steps.add(new OutcomeEvidence.Step(offset.longValue(), share));
      }
    }
    if (steps.isEmpty()) {
      steps.add(new OutcomeEvidence.Step(now.rollout.fromOffset(), now.plan.canary().share()));
    }
    OutcomeEvidence.Trial trial =
        new OutcomeEvidence.Trial(
            CanarySplit.of(new ServingPlan.Canary(now.rollout.id(), now.plan.canary().share())),
            now.rollout.candidate(),
            now.rollout.champion(),
            Math.max(asked.shares().getLast(), now.plan.canary().share()),
            steps);
    OutcomeEvidence fold = evidence;
    Objectives objectives = application.get().objectives();
    if (fold == null || !fold.isOf(trial, objectives)) {
      fold = new OutcomeEvidence(trial, objectives);
      evidence = fold;
    }
    fold.follow(log, trial, log.endOffset());
    return fold.compare(asked.confidence(), asked.maxLoss());
  }

  private String describe(Now now, OutcomeComparison outcomes) {
    String name = application.get().objectives().list().getFirst().name();
    String interval =
        outcomes.lift().isFinite()
            ? String.format(
                Locale.ROOT,
                "%+.1f %% to %+.1f %% against the control",
                100 * outcomes.lift().low(),
                100 * outcomes.lift().high())
            : "too little to compare";
    return String.format(
        Locale.ROOT,
        "%.4f %s per slate against %.4f (%s), %,d slates of %,d users, %,d since this step began of"
            + " %,d asked for",
        outcomes.perSlate(),
        name,
        outcomes.controlPerSlate(),
        interval,
        outcomes.slates(),
        outcomes.users(),
        outcomes.stepSlates(),
        now.thresholds.canary().minSlates());
  }
}
