package io.winnow.lifecycle.registry;

import io.winnow.core.WinnowException;
import io.winnow.lifecycle.ReleaseManifest;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Which releases there are, which of them serve, which are on trial, and what was decided. Shared
 * by all servers of an application; every change is one transaction.
 *
 * <p>Thread-safe. Every method throws {@link WinnowException} with {@code UNAVAILABLE} where the
 * database does not answer; nothing has changed then.
 */
public interface Registry extends AutoCloseable {
  /** Records a published bundle; again changes nothing. */
  void register(ReleaseManifest manifest);

  /** All releases, oldest first; with those whose files are deleted. */
  List<RegisteredRelease> releases();

  /** One release. */
  Optional<RegisteredRelease> release(String version);

  /**
   * Sets or, with null, removes a tag.
   *
   * @throws WinnowException with {@code NOT_FOUND}, or {@code INVALID_ARGUMENT} if name or value
   *     are not what they may be
   */
  void tag(String version, String name, @Nullable String value);

  /** Adds metrics to a release; a name that is there is replaced. */
  void measure(String version, Map<String, Double> metrics);

  /**
   * Marks a release as deleted; its row stays, its files may go then.
   *
   * @throws WinnowException with {@code NOT_FOUND}, or {@code CONFLICT} while the plan or an open
   *     rollout names it
   */
  void delete(String version);

  /**
   * Takes the mark of {@link #delete} back, after the same bundle was published again.
   *
   * @throws WinnowException with {@code NOT_FOUND}
   */
  void restore(String version);

  /** What should be served now. */
  ServingPlan plan();

  /**
   * Puts a plan into force and writes it into the ledger.
   *
   * @param next its revision is the one that it was made from
   * @param action for the ledger
   * @return the plan with its new revision
   * @throws WinnowException with {@code CONFLICT} if another plan came into force meanwhile, {@code
   *     NOT_FOUND} if it names a release that is not registered or whose files are deleted
   */
  ServingPlan change(ServingPlan next, String action, Cause cause);

  /** Notes in the ledger that another application file came into force; the plan stays. */
  void applicationChanged(String hash, Cause cause);

  /**
   * The ledger between two times, newest first.
   *
   * @param fromMs inclusive, epoch milliseconds by the clock of requests
   * @param toMs exclusive
   */
  List<LedgerEntry> ledger(long fromMs, long toMs, int limit);

  /** What was in force at a time; empty before the first entry. */
  Optional<LedgerEntry> servedAt(long timeMs);

  /**
   * Every release that was in force at some time between two times, in whichever role.
   *
   * @param fromMs inclusive, epoch milliseconds by the clock of requests
   * @param toMs exclusive
   */
  Set<String> servedBetween(long fromMs, long toMs);

  /**
   * Begins a rollout.
   *
   * @throws WinnowException with {@code CONFLICT} if another one is open or the candidate is the
   *     champion, {@code NOT_FOUND} if it is not registered or its files are deleted
   */
  Rollout begin(String candidate, long logEnd, Cause cause);

  /** The rollout that is open, if any. */
  Optional<Rollout> openRollout();

  /** The newest rollouts, newest first. */
  List<Rollout> rollouts(int limit);

  /**
   * Takes a rollout to another stage or step, puts the plan that goes with it into force and writes
   * the decision down, in one transaction.
   *
   * @param rollout as it was read
   * @param plan with the revision that it was made from; unchanged where nothing else is to be
   *     served
   * @return the rollout as it is now
   * @throws WinnowException with {@code CONFLICT} if rollout or plan changed meanwhile
   */
  Rollout advance(
      Rollout rollout, Rollout.Stage to, int step, long logEnd, ServingPlan plan, Cause cause);

  /**
   * Adds what a server observed of a rollout's releases; replaces what the same server said before.
   *
   * @param observations JSON, at most a million characters
   * @throws WinnowException with {@code NOT_FOUND}, or {@code TOO_LARGE}
   */
  void observe(String rollout, String server, String observations);

  /** What servers observed of a rollout, by server. */
  Map<String, String> observations(String rollout);

  /** A server says how it is. */
  void report(ServerStatus status);

  /** A server stops: nobody need wait for it. */
  void leave(String server);

  /** The servers that said something within a day of what was said last, by name. */
  List<ServerStatus> servers();

  /** The database, for jobs on the same one; its connections fail while it is away. */
  DataSource dataSource();

  @Override
  void close();
}
