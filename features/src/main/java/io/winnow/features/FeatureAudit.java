package io.winnow.features;

import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.events.RecordSource;
import io.winnow.features.AuditReport.Skipped;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Compares the feature values that were logged with impressions with those that replay computes for
 * the same user, item, time and offset. They must agree bit for bit; a difference means that
 * training sees other values than serving did.
 *
 * <p>The time of an impression is the time of its request. Features of the request's context are
 * not compared: the context is not logged. An impression that was served with other features than
 * the present ones is compared with their definitions, if they are still to be had.
 *
 * <p>Cost: one replay that only looks at the impressions, then one fold over the log for each
 * schema that occurs (at most {@value #MAX_SCHEMAS}) and each {@link Options#usersMax} users with
 * impressions. Memory: the catalogue with its states, the states of that many users, and {@link
 * Options#lookAhead} records.
 */
public final class FeatureAudit {
  /** Most schemas of one log that are compared, the newest. */
  static final int MAX_SCHEMAS = 16;

  private FeatureAudit() {}

  /** Finds the application whose features an impression carries. */
  @FunctionalInterface
  public interface Definitions {
    /**
     * Looks one up.
     *
     * @param release that answered
     * @param schemaHash of the features that it logged
     */
    Definition of(String release, long schemaHash);

    /** Knows one application only. */
    static Definitions only(ApplicationDefinition application) {
      long known = FeatureSchema.of(application).hash();
      return (_, hash) ->
          hash == known
              ? new Definition.Known(application)
              : new Definition.Missing(Skipped.FEATURES_UNKNOWN);
    }
  }

  /** Whether the features of an impression are to be had. */
  public sealed interface Definition {
    /**
     * They are.
     *
     * @param application declares exactly the features that were logged
     */
    record Known(ApplicationDefinition application) implements Definition {}

    /**
     * They are not.
     *
     * @param reason why
     */
    record Missing(Skipped reason) implements Definition {}
  }

  /**
   * How much to compare, and with how much memory.
   *
   * @param last how many of the newest impressions with values; {@link #ALL} for all
   * @param usersMax how many users' states are held at once; more users mean more folds
   * @param lookAhead how many records may lie between what a request saw and its impressions
   */
  public record Options(int last, int usersMax, int lookAhead) {
    /** Every impression. */
    public static final int ALL = 0;

    /** The most impressions that can be asked for by number. */
    public static final int LAST_MAX = 1_000_000;

    /** Everything, 200,000 users at once, 100,000 records ahead. */
    public static final Options DEFAULT = new Options(ALL, 200_000, 100_000);

    /** Checks the ranges. */
    public Options {
      if (last < 0 || last > LAST_MAX) {
        throw WinnowException.invalid("last", last, "1 to " + LAST_MAX + ", or 0 for all");
      }
      if (usersMax < 1) {
        throw WinnowException.invalid("usersMax", usersMax, ">= 1");
      }
      if (lookAhead < 0) {
        throw WinnowException.invalid("lookAhead", lookAhead, ">= 0");
      }
    }
  }

  /** Checks a log. */
  public static AuditReport run(RecordSource log, Definitions definitions, Options options) {
    RecordSource fixed = RecordSource.prefix(log, log.endOffset());
    AuditTally tally = new AuditTally(0);
    AuditSurvey survey = new AuditSurvey(options.last());
    fixed.replay(survey);
    tally.skip(Skipped.NO_VALUES, survey.withoutValues());
    tally.skip(Skipped.TOO_MANY_RELEASES, survey.beyondReleases());
    Map<Long, FeaturePlan> plans = new LinkedHashMap<>();
    Map<AuditSurvey.Origin, Skipped> missing = new LinkedHashMap<>();
    for (AuditSurvey.Origin origin : survey.newestOrigins()) {
      if (!plans.containsKey(origin.schemaHash())) {
        switch (plans.size() < MAX_SCHEMAS
            ? definitions.of(origin.release(), origin.schemaHash())
            : new Definition.Missing(Skipped.TOO_MANY_RELEASES)) {
          case Definition.Known(ApplicationDefinition application) ->
              plans.put(origin.schemaHash(), FeaturePlan.of(application));
          case Definition.Missing(Skipped reason) -> missing.put(origin, reason);
        }
      }
    }
    missing.forEach((origin, reason) -> {
      if (!plans.containsKey(origin.schemaHash())) {
        tally.skip(reason, survey.origins().getOrDefault(origin, 0L));
      }
    });
    plans.forEach((hash, plan) -> {
      for (PartOfUsers part : survey.parts(hash, options.usersMax())) {
        fold(fixed, plan, part, survey, options, tally);
      }
    });
    return tally.report();
  }

  /** Folds the log once and compares the impressions of one schema that some users were shown. */
  private static void fold(
      RecordSource log,
      FeaturePlan plan,
      PartOfUsers part,
      AuditSurvey survey,
      Options options,
      AuditTally tally) {
    long hash = plan.schema().hash();
    SampledUsers users = new SampledUsers(plan, part, Integer.MAX_VALUE);
    AuditFold fold =
        new AuditFold(
            new FeatureState(plan, users),
            users,
            options.lookAhead(),
            (offset, impression) ->
                offset >= survey.fromOffset()
                    && impression.schemaHash() == hash
                    && impression.features().length > 0
                    && survey
                        .origins()
                        .containsKey(
                            new AuditSurvey.Origin(impression.provenance().release(), hash)),
            tally);
    log.replay(0, survey.endOffset(hash), fold::take);
    fold.settle(Long.MAX_VALUE);
  }
}
