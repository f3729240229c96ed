# ./dev demo: from nothing to a chat in the browser with a model trained in front of your eyes.
# Every step is skipped when its result is already there, so a second run serves at once.
# shellcheck shell=bash

demo_step() { # NUMBER TITLE
  say ""
  say "${bold}${cyan}[$1/5]${plain} ${bold}$2${plain}"
}
demo_done() { say "  ${green}✓${plain} $1"; }

# The first port from $1 on that nothing listens on.
free_port() {
  local port=$1
  while ((port < $1 + 100)); do
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return
    fi
    port=$((port + 1))
  done
  die "no free port between $1 and $port" "stop a server, or pass --port"
}

# The questions that the project offers on its chat page, one a line.
demo_suggestions() {
  awk '/^ *suggestions:/ { on = 1; next } on && /^ *- / { sub(/^ *- */, ""); gsub(/^["\047]|["\047]$/, ""); print; next } on { exit }' \
    "$1/parley.yaml"
}

demo_closing() { # PORT DIR
  local url=http://127.0.0.1:$1 question
  question=$(demo_suggestions "$2" | head -n 1)
  [[ -n $question ]] || question='What should I watch tonight?'
  cat <<CLOSING

${green}${bold}  Your assistant is ready:  $url${plain}

  Three things to try
   1. Open ${bold}$url${plain} and ask: "$question"
      Then edit your question, or press the thumbs: threads and feedback are kept.
   2. Chat here, in another terminal:
      ${bold}build/release/bin/parley chat --project $2${plain}
   3. Call it as any OpenAI client would:
      ${bold}curl -N $url/v1/chat/completions -H 'Content-Type: application/json' \\
        -d '{"stream":true,"messages":[{"role":"user","content":"$question"}]}'${plain}

  Its whole definition is $2/parley.yaml.  Ctrl-C stops the server; ./dev demo starts it again.

CLOSING
}

dev_demo() {
  local dir=demo-project serve=1 fresh='' port=8080 train_options=() started=$SECONDS
  while (($#)); do
    case $1 in
      --no-serve) serve='' ;;
      --fresh) fresh=1 ;;
      --dir) dir=${2:?--dir needs a folder}; shift ;;
      --port) port=${2:?--port needs a number}; shift ;;
      --steps | --minutes | --size) train_options+=("$1" "${2:?$1 needs a value}"); shift ;;
      *) die "unknown option '$1' of ./dev demo" \
        "--no-serve, --fresh, --dir DIR, --port N; and of parley train: --minutes N, --steps N, --size SIZE" ;;
    esac
    shift
  done
  dev_setup
  # What needs the network comes first: minutes of compiling before a failure would be wasted. Then only
  # what the demo runs.
  quiet_build=1 dev_build release web_packages
  quiet_build=1 dev_build release parley parley-train
  local parley=$PWD/build/release/bin/parley
  export PATH=$PWD/build/release/bin:$PATH

  if [[ -n $fresh && -e $dir ]]; then
    [[ -f $dir/parley.yaml ]] || die "$dir is not a Parley project; --fresh will not delete it" "choose another --dir"
    rm -rf "$dir"
  fi

  demo_step 1 'A project: one folder that defines the assistant'
  if [[ -f $dir/parley.yaml ]]; then
    demo_done "$dir is there"
  else
    "$parley" new "$dir" --template entertainment
  fi

  demo_step 2 'Data: generate, clean, de-duplicate and split the conversations'
  if [[ -f $dir/.parley/dataset/manifest.json ]]; then
    demo_done "$dir/.parley/dataset is there"
  else
    (cd "$dir" && "$parley" data add)
  fi

  demo_step 3 'Training: a language model of your own, from random weights (some minutes)'
  if [[ -e $dir/.parley/models/current ]]; then
    demo_done "$dir/.parley/models/current is there"
  else
    (cd "$dir" && "$parley" train ${train_options[@]+"${train_options[@]}"})
  fi

  demo_step 4 'Testing: questions that it has never seen'
  local model tested=$dir/.parley/demo-tested
  model=$(readlink "$dir/.parley/models/current" || true)
  if [[ -f $tested && $(cat "$tested") == "$model" ]]; then
    demo_done 'this model was tested before; parley test does it again'
  else
    # Scenarios may fail, that is what they are for: the demo goes on, the report is on the screen.
    (cd "$dir" && "$parley" test) || say "  Some scenarios fail; the list above shows where the assistant should learn more."
    echo "$model" >"$tested"
  fi

  if [[ -z $serve ]]; then
    say ""
    say "${green}✓${plain} The demo project is ready in $dir ($(elapsed $((SECONDS - started)))). Serve it with: ./dev demo"
    return
  fi
  demo_step 5 'Serving'
  local chosen
  chosen=$(free_port "$port")
  [[ $chosen == "$port" ]] || say "  Port $port is taken; using $chosen."
  # The server takes this process over, so that Ctrl-C and signals reach it; a watcher prints the
  # closing words when it answers.
  (
    for ((i = 0; i < 300; i++)); do
      kill -0 $$ 2>/dev/null || exit 0
      if curl -fs -o /dev/null "http://127.0.0.1:$chosen/readyz"; then
        demo_closing "$chosen" "$dir"
        exit 0
      fi
      sleep 0.2
    done
  ) &
  cd "$dir"
  exec "$parley" serve --port "$chosen"
}
