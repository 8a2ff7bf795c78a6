package io.winnow.experiments.assignment;

import io.winnow.core.AttributeValue;
import io.winnow.core.Ids;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Experiment;
import io.winnow.core.application.Experiment.Arm;
import io.winnow.core.application.Experiment.Condition;
import io.winnow.core.application.Experiment.Design;
import io.winnow.core.application.Experiment.Field;
import io.winnow.core.application.Experiments;
import io.winnow.experiments.assignment.Assignments.Holdout;
import io.winnow.experiments.assignment.Decision.Why;
import io.winnow.experiments.assignment.UnitHash.Draw;
import io.winnow.experiments.assignment.UnitHash.Purpose;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Says which arm of which experiment a request is in.
 *
 * <p>A unit lies at one point of each layer, and an experiment has a part of it; whether it is in
 * the experiment's traffic and which arm it gets are two more draws, so more traffic adds units and
 * moves none. A bandit draws arms anew in each period; who is in it stays. Held-out users are in no
 * experiment, whatever its unit. What an application file says of testers goes before all of it:
 * they see the arm at any time, on any surface, and no other experiment of that layer.
 *
 * <p>A pure function of its arguments (see {@link UnitHash}); thread-safe. Well below a microsecond
 * for each experiment.
 */
public final class Assigner {
  private final double holdout;
  private final Draw holdoutDraw = UnitHash.draw(Purpose.HOLDOUT, Experiments.HOLDOUT, 0);
  private final Map<String, Map<String, String>> testers;
  private final List<Compiled> experiments = new ArrayList<>();
  private final Map<String, Compiled> byName = new LinkedHashMap<>();
  private final Set<String> contextFields = new LinkedHashSet<>();
  private final ArmShares shares;

  /**
   * An assigner of the experiments of one application file.
   *
   * @param stopped names of experiments that cannot be served: nobody is in them
   * @param shares of bandits' arms
   */
  public Assigner(Experiments experiments, Set<String> stopped, ArmShares shares) {
    this.holdout = experiments.holdout();
    this.testers = experiments.testers();
    this.shares = shares;
    for (Experiment experiment : experiments.list()) {
      Compiled compiled = Compiled.of(experiment, stopped.contains(experiment.name()));
      this.experiments.add(compiled);
      byName.put(experiment.name(), compiled);
      if (experiment.population().unit() == Experiment.Unit.SESSION) {
        contextFields.add(Subject.SESSION);
      }
      for (Condition condition : experiment.population().when()) {
        if (condition.field() instanceof Field.Context(String name)) {
          contextFields.add(name);
        }
      }
    }
  }

  /** An assigner of experiments that all can be served, with the file's weights. */
  public static Assigner of(Experiments experiments) {
    return new Assigner(experiments, Set.of(), ArmShares.OF_THE_FILE);
  }

  /** Whether there is nothing to be in. */
  public boolean isEmpty() {
    return experiments.isEmpty();
  }

  /**
   * Whether an experiment looks at the user's attributes, and all else that it is about holds.
   *
   * @param subject whose attributes need not be known
   */
  public boolean needsAttributes(Subject subject) {
    for (Compiled compiled : experiments) {
      if (!compiled.whenUser.isEmpty() && aboutRequest(compiled, subject) == null) {
        return true;
      }
    }
    return false;
  }

  /** The fields of the context that an assignment depends on. */
  public Set<String> contextFields() {
    return Set.copyOf(contextFields);
  }

  /** All that a request is in. */
  public Assignments assign(Subject subject) {
    if (experiments.isEmpty()) {
      return Assignments.NONE;
    }
    Map<String, String> told = testers.getOrDefault(subject.user().value(), Map.of());
    Draws draws = new Draws(subject);
    boolean heldOut = holdout > 0 && holdoutDraw.of(draws.user) < holdout;
    boolean concerned = false;
    List<Assignment> list = new ArrayList<>(2);
    for (Compiled compiled : experiments) {
      Why out = about(compiled, subject);
      concerned |= out == null;
      Decision decision = decide(compiled, subject, told, heldOut, draws, out);
      if (decision instanceof Decision.In(Assignment assignment)) {
        list.add(assignment);
      }
    }
    Holdout side =
        holdout == 0 || !concerned || !told.isEmpty()
            ? Holdout.NOT_CONCERNED
            : heldOut ? Holdout.HELD_OUT : Holdout.OPEN;
    return new Assignments(list, side);
  }

  /** Whether a request is in one experiment; empty if there is no such experiment. */
  public Optional<Decision> decide(String experiment, Subject subject) {
    Compiled compiled = byName.get(experiment);
    if (compiled == null) {
      return Optional.empty();
    }
    Draws draws = new Draws(subject);
    return Optional.of(
        decide(
            compiled,
            subject,
            testers.getOrDefault(subject.user().value(), Map.of()),
            holdout > 0 && holdoutDraw.of(draws.user) < holdout,
            draws,
            about(compiled, subject)));
  }

  /** The experiments' names, in the order of the application file. */
  public List<String> names() {
    return List.copyOf(byName.keySet());
  }

  /** The chance of a user to be held out. */
  public double holdout() {
    return holdout;
  }

  private Decision decide(
      Compiled compiled,
      Subject subject,
      Map<String, String> told,
      boolean heldOut,
      Draws draws,
      @Nullable Why about) {
    if (!told.isEmpty() && !compiled.stopped) {
      Decision override = override(compiled, subject, told);
      if (override != null) {
        return override;
      }
    }
    if (about != null) {
      return new Decision.Out(about);
    }
    if (heldOut) {
      return new Decision.Out(Why.HELD_OUT);
    }
    return drawn(compiled, subject, draws);
  }

  /** What the application file says of a tester; null if nothing. */
  private @Nullable Decision override(
      Compiled compiled, Subject subject, Map<String, String> told) {
    String arm = told.get(compiled.experiment.name());
    if (arm != null) {
      return new Decision.In(
          new Assignment(compiled.experiment, subject.user().value(), compiled.arm(arm), 1, true));
    }
    for (String other : told.keySet()) {
      Compiled overridden = byName.get(other);
      if (overridden != null && overridden.layer().equals(compiled.layer())) {
        return new Decision.Out(Why.TESTER_OF_LAYER);
      }
    }
    return null;
  }

  /** Why an experiment is not about a request, whoever is drawn; null if it is. */
  private static @Nullable Why about(Compiled compiled, Subject subject) {
    Why why = aboutRequest(compiled, subject);
    return why == null ? fails(compiled.whenUser, subject) : why;
  }

  /** The same, as far as it can be said without the user's attributes. */
  private static @Nullable Why aboutRequest(Compiled compiled, Subject subject) {
    if (compiled.stopped) {
      return Why.STOPPED;
    }
    if (subject.timeMs() < compiled.fromMs
        || subject.timeMs() >= compiled.untilMs
        || compiled.experiment.population().traffic() == 0) {
      return Why.NOT_RUNNING;
    }
    Why why = fails(compiled.whenRequest, subject);
    if (why != null) {
      return why;
    }
    return unit(compiled, subject) == null ? Why.NO_UNIT : null;
  }

  private static @Nullable Why fails(List<Condition> conditions, Subject subject) {
    for (Condition condition : conditions) {
      Why why = fails(condition, subject);
      if (why != null) {
        return why;
      }
    }
    return null;
  }

  /** Why a condition does not hold, null if it does; see {@link Condition} of what is not there. */
  private static @Nullable Why fails(Condition condition, Subject subject) {
    boolean one =
        switch (condition.field()) {
          case Field.Surface _ -> condition.values().contains(subject.surface());
          case Field.Context(String name) -> {
            String value = subject.context().get(name);
            yield value != null && condition.values().contains(value);
          }
          case Field.User(String name) -> {
            Map<String, AttributeValue> attributes = subject.attributes();
            if (attributes == null) {
              yield condition.negated();
            }
            AttributeValue value = attributes.get(name);
            yield value != null && anyOf(value.categories(), condition.values());
          }
          case Field.NewUsers _ -> throw new IllegalStateException("new_users is for segments");
        };
    if (one != condition.negated()) {
      return null;
    }
    return condition.field() instanceof Field.User && subject.attributes() == null
        ? Why.NO_ATTRIBUTES
        : Why.NOT_TARGETED;
  }

  private static boolean anyOf(List<String> categories, Set<String> values) {
    for (String category : categories) {
      if (values.contains(category)) {
        return true;
      }
    }
    return false;
  }

  private static @Nullable String unit(Compiled compiled, Subject subject) {
    if (compiled.experiment.population().unit() == Experiment.Unit.USER) {
      return subject.user().value();
    }
    String session = subject.context().get(Subject.SESSION);
    return session == null || !Ids.isIdentifier(session) ? null : session;
  }

  private Decision drawn(Compiled compiled, Subject subject, Draws draws) {
    Experiment experiment = compiled.experiment;
    boolean byUser = experiment.population().unit() == Experiment.Unit.USER;
    long hash = byUser ? draws.user : draws.session();
    double place = compiled.layerDraw.of(hash);
    if (place < experiment.population().share().from()
        || place >= experiment.population().share().to()) {
      return new Decision.Out(Why.OTHER_SHARE);
    }
    if (compiled.trafficDraw.of(hash) >= experiment.population().traffic()) {
      return new Decision.Out(Why.OUTSIDE_TRAFFIC);
    }
    String unit =
        byUser ? subject.user().value() : subject.context().getOrDefault(Subject.SESSION, "");
    return switch (experiment.design()) {
      case Design.Interleaving _ ->
          new Decision.In(new Assignment(experiment, unit, null, 1, false));
      case Design.Split _ ->
          new Decision.In(compiled.pick(unit, compiled.armDraw.of(hash), compiled.weights));
      case Design.Bandit bandit -> {
        long period = period(experiment, bandit, subject.timeMs());
        double[] known = shares.of(experiment, period);
        yield known == null
            ? new Decision.Out(Why.STOPPED)
            : new Decision.In(
                compiled.pick(unit, compiled.armDraw.inPeriod(period).of(hash), known));
      }
    };
  }

  /** The number of a bandit's period: from the experiment's beginning, or from the epoch. */
  public static long period(Experiment experiment, Design.Bandit bandit, long timeMs) {
    Instant from = experiment.population().from();
    return Math.floorDiv(
        timeMs - (from == null ? 0 : from.toEpochMilli()), bandit.period().toMillis());
  }

  /** The shares that the application file's weights give the arms; of sum 1, in their order. */
  public static double[] sharesOfTheFile(Experiment experiment) {
    double sum = experiment.arms().stream().mapToDouble(Arm::weight).sum();
    return experiment.arms().stream().mapToDouble(arm -> arm.weight() / sum).toArray();
  }

  /** The hashes of a request's units. */
  private static final class Draws {
    private final Subject subject;
    private final long user;
    private long session;
    private boolean hashed;

    Draws(Subject subject) {
      this.subject = subject;
      UserId id = subject.user();
      this.user = UnitHash.of(id.value());
    }

    long session() {
      if (!hashed) {
        session = UnitHash.of(subject.context().getOrDefault(Subject.SESSION, ""));
        hashed = true;
      }
      return session;
    }
  }

  /** An experiment with all that does not depend on the request. */
  private record Compiled(
      Experiment experiment,
      boolean stopped,
      List<Condition> whenRequest,
      List<Condition> whenUser,
      long fromMs,
      long untilMs,
      Draw layerDraw,
      Draw trafficDraw,
      Draw armDraw,
      double[] weights) {
    static Compiled of(Experiment experiment, boolean stopped) {
      Instant from = experiment.population().from();
      Instant until = experiment.population().until();
      return new Compiled(
          experiment,
          stopped,
          conditions(experiment, false),
          conditions(experiment, true),
          from == null ? Long.MIN_VALUE : from.toEpochMilli(),
          until == null ? Long.MAX_VALUE : until.toEpochMilli(),
          UnitHash.draw(Purpose.LAYER, experiment.population().layer(), 0),
          UnitHash.draw(Purpose.TRAFFIC, experiment.name(), experiment.run()),
          UnitHash.draw(Purpose.ARM, experiment.name(), experiment.run()),
          sharesOfTheFile(experiment));
    }

    private static List<Condition> conditions(Experiment experiment, boolean ofUser) {
      return experiment.population().when().stream()
          .filter(condition -> condition.field() instanceof Field.User == ofUser)
          .toList();
    }

    String layer() {
      return experiment.population().layer();
    }

    Arm arm(String name) {
      for (Arm arm : experiment.arms()) {
        if (arm.name().equals(name)) {
          return arm;
        }
      }
      throw WinnowException.invalid(
          "testers." + experiment.name(),
          name,
          "one of " + experiment.arms().stream().map(Arm::name).toList());
    }

    Assignment pick(String unit, double drawn, double[] shares) {
      double below = 0;
      int last = shares.length - 1;
      for (int i = 0; i < last; i++) {
        below += shares[i];
        if (drawn < below) {
          return new Assignment(experiment, unit, experiment.arms().get(i), shares[i], false);
        }
      }
      return new Assignment(experiment, unit, experiment.arms().get(last), shares[last], false);
    }
  }
}
