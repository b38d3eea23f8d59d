/* lease.pml - the lease of DESIGN 4 as a model for spin.
 *
 * Two nodes bid for one lock on three servers.  Time is counted in ticks, which may come whenever they
 * like: so every order of messages, faults and time is looked at, and a message that is never delivered is
 * a lost one.  A bid may name any term above the node's last one: the servers alone keep terms apart.
 *
 * Faults, FAULTS of them in a run: a node's clock loses a tick (the drift that the margin has to cover, so that
 * each clock loses one at most); a server restarts, with its record; a node's process dies and starts anew,
 * with the gate's deadline left in the kernel; a node's process is stopped.  Besides, a node may be switched
 * off for good.
 *
 * Safety: never two open gates; a token is above every earlier owner's.  tests/model/run checks that, that a
 * failover can be reached (-DREACH), and that spin rejects each broken variant:
 *
 *   -DBROKEN_FORGET    server forgets leases at restart     -DBROKEN_FIN      FIN frees
 *   -DBROKEN_MARGIN    no drift margin                      -DBROKEN_RECEIPT  lease counted from receipt
 *   -DBROKEN_USERGATE  gate kept by the process alone       -DBROKEN_TERM     term lost at restart
 *   -DBROKEN_LATE      reply accepted after release         -DBROKEN_RELEASE  RELEASE without term
 *   -DBROKEN_GIVEBACK  a lost bid is given back while the gate that an earlier process opened is open
 *   -DBROKEN_ANSWER    an answer to an earlier bid counts
 *   -DBROKEN_WRITING   a late renewal while another's grant is being written
 *
 * A grant is durable at once, but for WRITES of them: those take their time on the disk, in which anything may happen.
 * When the server restarts meanwhile it is on the disk, or not.  -DCLOCKS leaves the clocks as the only fault. */
#ifndef BIDS
#define BIDS 3 /* of both nodes together */
#endif
#ifndef FAULTS
#define FAULTS 1
#endif
#ifndef RENEWALS
#define RENEWALS 1
#endif
#ifndef RELEASES
#define RELEASES 1
#endif

#ifndef WRITES
#define WRITES 0
#endif

#define NODES 2
#define SERVERS 3
#define NOBODY NODES
#define TERMS BIDS
#define L 3 /* ticks that a server holds */
#ifdef BROKEN_MARGIN
#define LC L
#else
#define LC 2 /* ticks that a node uses: it may lose one */
#endif

#define AT(n, s) ((n)*SERVERS + (s))

/* servers: durable term and holder, and the ticks that are left of the lease */
byte term[SERVERS];
byte holder[SERVERS] = NOBODY;
byte left[SERVERS];

/* messages under way, by their term (0: none), and the ticks since the request was sent */
byte request[6], request_age[6];
byte reply[6], reply_age[6];
byte release[6];

/* nodes: the term bid for or owned (0: none), the last one, and the ticks left of each grant */
byte bid[NODES], last[NODES];
byte grant[6];
bool owns[NODES], stopped[NODES], off[NODES];
byte gate[NODES]; /* ticks until the deadline that the kernel has */

/* the one grant that is on its way to a server's disk: for whom (NOBODY: given back meanwhile), at which term (0: none),
 * and the ticks since it was asked for */
byte write_server, write_node, write_term, write_age, writes = WRITES;

byte bids = BIDS, faults = FAULTS, renewals = RENEWALS, releases = RELEASES;
byte top; /* the highest token so far */

/* The second largest of a node's three grants: how long a majority counts. */
inline majority(n, ticks)
{
    if
    :: grant[AT(n, 0)] >= grant[AT(n, 1)] && grant[AT(n, 0)] >= grant[AT(n, 2)] ->
        ticks = (grant[AT(n, 1)] >= grant[AT(n, 2)] -> grant[AT(n, 1)] : grant[AT(n, 2)])
    :: grant[AT(n, 1)] > grant[AT(n, 0)] && grant[AT(n, 1)] >= grant[AT(n, 2)] ->
        ticks = (grant[AT(n, 0)] >= grant[AT(n, 2)] -> grant[AT(n, 0)] : grant[AT(n, 2)])
    :: else ->
        ticks = (grant[AT(n, 0)] >= grant[AT(n, 1)] -> grant[AT(n, 0)] : grant[AT(n, 1)])
    fi
}

inline forget_grants(n)
{
    grant[AT(n, 0)] = 0;
    grant[AT(n, 1)] = 0;
    grant[AT(n, 2)] = 0
}

/* The process looks at its grants: it becomes owner, moves its gate's deadline, or finds that it lost. */
inline settle(n)
{
    majority(n, m);
    if
    :: bid[n] != 0 && m > 0 ->
        if
        :: !owns[n] ->
            assert(bid[n] > top);
            top = bid[n];
            owns[n] = true
        :: else
        fi;
        if
        :: m > gate[n] -> gate[n] = m
        :: else
        fi;
        assert(gate[0] == 0 || gate[1] == 0)
    :: owns[n] && m == 0 ->
        owns[n] = false;
        bid[n] = 0;
        forget_grants(n);
#ifdef BROKEN_USERGATE
        gate[n] = 0
#endif
    :: else
    fi;
    m = 0
}

inline send_all(n, t)
{
    k = 0;
    do
    :: k < SERVERS ->
        request[AT(n, k)] = t;
        request_age[AT(n, k)] = 0;
        k++
    :: else -> break
    od;
    k = 0
}

/* A bid, for any term above the node's last.  The nodes are alike: let node 0 be the first to bid. */
inline start_bid(n)
{
    (n == 0 || last[0] != 0) && bids > 0 && bid[n] == 0 && !stopped[n] && !off[n] && last[n] < TERMS;
    bids--;
    t = last[n] + 1;
    do
    :: t < TERMS -> t++
    :: break
    od;
    bid[n] = t;
    last[n] = t;
    send_all(n, t);
    t = 0
}

inline renew(n)
{
    renewals > 0 && owns[n] && !stopped[n] && !off[n];
    renewals--;
    send_all(n, bid[n])
}

/* Planned handover, with the gate closed first; or a lost bid, given back. */
inline give_up(n)
{
#ifdef BROKEN_GIVEBACK
    releases > 0 && bid[n] != 0 && !stopped[n] && !off[n];
#else
    releases > 0 && bid[n] != 0 && !stopped[n] && !off[n] && (owns[n] || gate[n] == 0);
#endif
    releases--;
    if
    :: owns[n] -> gate[n] = 0
    :: else
    fi;
    k = 0;
    do
    :: k < SERVERS ->
        release[AT(n, k)] = bid[n];
        k++
    :: else -> break
    od;
    k = 0;
    owns[n] = false;
    bid[n] = 0;
    forget_grants(n)
}

#define IS_WRITING(s) (write_term != 0 && write_server == s)
#ifdef BROKEN_WRITING
#define MAY_RENEW(n, s) true
#else
#define MAY_RENEW(n, s) (!IS_WRITING(s) || write_node == n)
#endif

inline forget_write()
{
    write_server = 0;
    write_node = 0;
    write_term = 0;
    write_age = 0
}

inline serve_request(n, s)
{
    request[AT(n, s)] != 0;
    t = request[AT(n, s)];
    if
    :: (t == term[s] && holder[s] == n && MAY_RENEW(n, s)) ||
            (t > term[s] && (left[s] == 0 || holder[s] == n) && !IS_WRITING(s)) ->
        term[s] = t;
        holder[s] = n;
        left[s] = L;
        reply[AT(n, s)] = t;
        reply_age[AT(n, s)] = request_age[AT(n, s)]
    :: else
    fi;
    request[AT(n, s)] = 0;
    request_age[AT(n, s)] = 0;
    t = 0
}

inline start_write(n, s)
{
    writes > 0 && request[AT(n, s)] != 0 && (left[s] == 0 || holder[s] == n) && request[AT(n, s)] > term[s];
    writes--;
    write_server = s;
    write_node = n;
    write_term = request[AT(n, s)];
    write_age = request_age[AT(n, s)];
    request[AT(n, s)] = 0;
    request_age[AT(n, s)] = 0
}

inline end_write()
{
    write_term != 0;
    t = write_server;
    term[t] = write_term;
    holder[t] = write_node;
    if
    :: write_node == NOBODY -> left[t] = 0
    :: else ->
        left[t] = L;
        reply[AT(write_node, t)] = write_term;
        reply_age[AT(write_node, t)] = write_age
    fi;
    forget_write();
    t = 0
}

inline serve_release(n, s)
{
    release[AT(n, s)] != 0;
    if
#ifdef BROKEN_RELEASE
    :: holder[s] == n ->
#else
    :: holder[s] == n && term[s] == release[AT(n, s)] ->
#endif
        holder[s] = NOBODY;
        left[s] = 0
    :: IS_WRITING(s) && write_node == n && write_term == release[AT(n, s)] -> write_node = NOBODY; write_age = 0
    :: else
    fi;
    release[AT(n, s)] = 0
}

inline take_reply(n, s)
{
    reply[AT(n, s)] != 0 && !stopped[n] && !off[n];
#ifdef BROKEN_LATE
    if
    :: bid[n] == 0 && reply[AT(n, s)] == last[n] -> bid[n] = last[n]; owns[n] = (top == last[n])
    :: else
    fi;
#endif
#ifdef BROKEN_RECEIPT
    t = LC;
#else
    t = (reply_age[AT(n, s)] < LC -> LC - reply_age[AT(n, s)] : 0);
#endif
    if
#ifdef BROKEN_ANSWER
    :: bid[n] != 0 && t > grant[AT(n, s)] -> grant[AT(n, s)] = t
#else
    :: reply[AT(n, s)] == bid[n] && t > grant[AT(n, s)] -> grant[AT(n, s)] = t
#endif
    :: else
    fi;
    reply[AT(n, s)] = 0;
    reply_age[AT(n, s)] = 0;
    t = 0;
    settle(n)
}

/* One tick of a node's clock. */
inline node_tick(n)
{
    k = 0;
    do
    :: k < SERVERS ->
        if
        :: grant[AT(n, k)] > 0 -> grant[AT(n, k)]--
        :: else
        fi;
        if
        :: request[AT(n, k)] != 0 && request_age[AT(n, k)] < LC ->
            request_age[AT(n, k)]++
        :: else
        fi;
        if
        :: reply[AT(n, k)] != 0 && reply_age[AT(n, k)] < LC -> reply_age[AT(n, k)]++
        :: else
        fi;
        k++
    :: else -> break
    od;
    k = 0;
    if
    :: write_term != 0 && write_node == n && write_age < LC -> write_age++
    :: else
    fi;
#ifndef BROKEN_USERGATE
    if
    :: gate[n] > 0 -> gate[n]--
    :: else
    fi;
#else
    if
    :: gate[n] > 0 && !stopped[n] -> gate[n]--
    :: else
    fi;
#endif
    if
    :: !stopped[n] && !off[n] -> settle(n)
    :: else
    fi
}

/* A tick for everyone, except for a node whose clock loses it. */
inline tick(except)
{
    i = 0;
    do
    :: i < SERVERS ->
        if
        :: left[i] > 0 -> left[i]--
        :: else
        fi;
        i++
    :: else -> break
    od;
    i = 0;
    if
    :: except != 0 -> node_tick(0)
    :: else
    fi;
    if
    :: except != 1 -> node_tick(1)
    :: else
    fi
}

/* More than one fault: which clocks have had theirs.  (With one fault that would only be more states.) */
#if FAULTS > 1
bool slowed[NODES];
#define MAY_SLOW(n) (!slowed[n])
#define SLOW(n) slowed[n] = true
#else
#define MAY_SLOW(n) true
#define SLOW(n) skip
#endif

inline lose_tick(n)
{
    faults > 0 && gate[n] > 0 && MAY_SLOW(n);
    faults--;
    SLOW(n);
    tick(n)
}

inline restart_server(s)
{
    faults > 0;
    faults--;
    if
    :: IS_WRITING(s) ->
        if
        :: term[s] = write_term; holder[s] = write_node
        :: skip /* it is not there */
        fi;
        forget_write()
    :: else
    fi;
#ifdef BROKEN_FORGET
    left[s] = 0;
    holder[s] = NOBODY;
#else
    if
    :: holder[s] != NOBODY -> left[s] = L
    :: else
    fi;
#endif
#ifdef BROKEN_TERM
    term[s] = 0;
#endif
}

/* The process dies (the kernel sends FIN and keeps the gate) and starts anew, knowing nothing. */
inline restart_process(n)
{
    faults > 0 && !off[n];
    faults--;
    bid[n] = 0;
    owns[n] = false;
    forget_grants(n);
    k = 0;
    do
    :: k < SERVERS ->
        reply[AT(n, k)] = 0;
        reply_age[AT(n, k)] = 0;
#ifdef BROKEN_FIN
        if
        :: holder[k] == n -> holder[k] = NOBODY; left[k] = 0
        :: else
        fi;
#endif
        k++
    :: else -> break
    od;
    k = 0
}

inline stop(n)
{
    faults > 0 && !stopped[n] && !off[n];
    faults--;
    stopped[n] = true
}

inline go_on(n)
{
    stopped[n];
    stopped[n] = false;
    settle(n)
}

inline switch_off(n)
{
    !off[0] && !off[1] && owns[n];
    off[n] = true;
    gate[n] = 0;
    owns[n] = false;
    bid[n] = 0;
    forget_grants(n)
}

/* After each step, states from which the same can happen are made one: what can have no effect any more is forgotten,
 * and the servers are put in an order.  -DPLAIN leaves states as they are: it finds the same, in many times as many, and a
 * trail that it leaves is easier to read. */
#ifdef PLAIN
inline merge()
{
    skip
}
#else
/* A node bids at terms that rise.  So what is not at the term of its present bid never will be: such an answer is not
 * counted, nor is one that took too long; and how old a request for such an answer is does not matter.  (What a server
 * refuses stays under way, lest a slip in what it grants is hidden.) */
#ifdef BROKEN_LATE
#define OF_NO_USE(n, term) ((term) == 0 || (term) != last[n])
#elif defined(BROKEN_ANSWER)
#define OF_NO_USE(n, term) ((term) == 0)
#else
#define OF_NO_USE(n, term) ((term) == 0 || (term) != bid[n])
#endif
#if defined(BROKEN_LATE) || defined(BROKEN_RECEIPT)
#define TOO_OLD(age) false
#else
#define TOO_OLD(age) ((age) >= LC)
#endif

inline forget_useless(n, s)
{
    if
    :: OF_NO_USE(n, request[AT(n, s)]) -> request_age[AT(n, s)] = 0
    :: else
    fi;
    if
    :: OF_NO_USE(n, reply[AT(n, s)]) || TOO_OLD(reply_age[AT(n, s)]) -> reply[AT(n, s)] = 0; reply_age[AT(n, s)] = 0
    :: else
    fi;
    if
    :: IS_WRITING(s) && write_node == n && OF_NO_USE(n, write_term) -> write_age = 0
    :: else
    fi
}

/* The servers are alike: the steps do the same with each, and no fault or assertion names one.  So all that is about
 * one server may change places with all that is about another, and then the same can happen to them in their new places:
 * of the up to six orders of three servers one is enough.  That is the one in which their keys fall.  (Any order is
 * right.  That the key has all there is to know of a server makes it always the same one.) */
#if BIDS > 3
#error "a key has two bits for a term"
#endif
#define HALF(n, s)                                                                                         \
    (request[AT(n, s)] | request_age[AT(n, s)] << 2 | reply[AT(n, s)] << 4 | reply_age[AT(n, s)] << 6 |    \
     release[AT(n, s)] << 8 | grant[AT(n, s)] << 10)
#define KEY(s) (HALF(0, s) << 19 | HALF(1, s) << 7 | IS_WRITING(s) << 6 | left[s] << 4 | holder[s] << 2 | term[s])
hidden int key[SERVERS], other;

#define EXCHANGE(array, a, b)                                                                              \
    other = array[a];                                                                                      \
    array[a] = array[b];                                                                                   \
    array[b] = other

inline change_places(a, b)
{
    EXCHANGE(term, a, b);
    EXCHANGE(holder, a, b);
    EXCHANGE(left, a, b);
    k = 0;
    do
    :: k < NODES ->
        EXCHANGE(request, AT(k, a), AT(k, b));
        EXCHANGE(request_age, AT(k, a), AT(k, b));
        EXCHANGE(reply, AT(k, a), AT(k, b));
        EXCHANGE(reply_age, AT(k, a), AT(k, b));
        EXCHANGE(release, AT(k, a), AT(k, b));
        EXCHANGE(grant, AT(k, a), AT(k, b));
        k++
    :: else -> break
    od;
    k = 0;
    if
    :: IS_WRITING(a) -> write_server = b
    :: else ->
        if
        :: IS_WRITING(b) -> write_server = a
        :: else
        fi
    fi;
    EXCHANGE(key, a, b)
}

inline order(a, b)
{
    if
    :: key[a] < key[b] -> change_places(a, b)
    :: else
    fi
}

inline merge()
{
    i = 0;
    do
    :: i < SERVERS ->
        forget_useless(0, i);
        forget_useless(1, i);
        key[i] = KEY(i);
        i++
    :: else -> break
    od;
    i = 0;
    order(0, 1);
    order(1, 2);
    order(0, 1)
}
#endif

#define EACH_NODE(action) :: d_step { action(0) } :: d_step { action(1) }
#define EACH_PAIR(action)                                                                                  \
    :: d_step { action(0, 0) } :: d_step { action(0, 1) } :: d_step { action(0, 2) }                       \
    :: d_step { action(1, 0) } :: d_step { action(1, 1) } :: d_step { action(1, 2) }

active proctype world()
{
    byte i, k, m, t; /* 0 between steps */

    do
    :: atomic {
        if
        :: start_bid(0)
        :: start_bid(1)
        EACH_NODE(renew)
        EACH_NODE(give_up)
        EACH_PAIR(serve_request)
        EACH_PAIR(serve_release)
#if WRITES > 0
        EACH_PAIR(start_write)
        :: d_step { end_write() }
#endif
        EACH_PAIR(take_reply)
        :: d_step { tick(NODES) }
        EACH_NODE(lose_tick)
#ifndef CLOCKS
        :: restart_server(0)
        :: restart_server(1)
        :: restart_server(2)
        EACH_NODE(restart_process)
        EACH_NODE(stop)
        EACH_NODE(go_on)
#endif
        EACH_NODE(switch_off)
#ifdef REACH
        :: off[0] && owns[1] && gate[1] > 0 -> assert(false)
#endif
        fi;
        d_step { merge() }
    }
    od
}
