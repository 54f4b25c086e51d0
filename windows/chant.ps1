# SPDX-License-Identifier: ISC
# chant.ps1 - Tab completes verbs, words and options of chant and chantd in PowerShell 5.1 and 7.
#
# Try it:         . .\chant.ps1
# From now on:    Add-Content $PROFILE ". '$PWD\chant.ps1'"

Register-ArgumentCompleter -Native -CommandName 'chant', 'chant.exe' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # --- written by completion.py: begin
    $verbs = [ordered]@{
        'play' = 'play URIs in place of the queue, or what is there'
        'pause' = 'pause, with a fade'
        'resume' = 'go on after a pause'
        'toggle' = 'pause, or go on'
        'stop' = 'stop; the queue stays'
        'next' = 'the next item'
        'prev' = 'the previous item'
        'seek' = 'go to 1:23, 83.5 or 1:02:03; +10 and -10 from here'
        'load' = 'URIs in place of the queue, without playing'
        'add' = 'add to the queue'
        'queue' = 'show the queue'
        'rm' = 'take items out of the queue'
        'mv' = 'move an item of the queue to index TO'
        'clear' = 'empty the queue'
        'gain' = 'show or set the gain'
        'mute' = 'silence, without moving the gain'
        'unmute' = 'end of it'
        'pan' = '-1 is left, 0 the middle, 1 right'
        'panic' = 'silence at once, until ''unmute'' or ''gain'''
        'limiter' = 'show or set the limiter at the end'
        'eq' = 'show or change the equaliser'
        'loudness' = 'bring pieces to one loudness'
        'spectrum' = 'live spectrum'
        'meter' = 'live levels and loudness'
        'status' = 'what plays, where and how'
        'devices' = 'what can be played on'
        'stats' = 'how the audio callback keeps time'
        'watch' = 'print changes as they happen'
        'tx' = 'several changes at once, now or later'
        'call' = 'any method of the protocol; PARAMS in JSON'
        'raw' = 'lines from stdin to the daemon, its answers to stdout'
        'render' = 'play into a file, faster than real time, without a daemon'
        'shutdown' = 'end the daemon'
        'help' = 'this list, or more about one verb'
    }
    $common = [ordered]@{
        '--json' = 'answer in JSON, also on a terminal'
        '--socket' = 'the daemon''s socket'
        '--help' = 'this text, or after a verb more about it'
        '--version' = 'version of this program'
    }
    $words = @{
        'gain' = 'up', 'down'
        'limiter' = 'on', 'off'
        'eq' = 'set', 'flat', 'bypass', 'preamp', 'load', 'graphic', 'presets', 'preset', 'import', 'export'
        'loudness' = 'off', 'track', 'album', 'auto', 'scan'
        'watch' = 'player', 'queue', 'mixer', 'eq', 'loudness', 'device', 'server'
        'tx' = 'list', 'cancel'
    }
    $options = @{
        'play' = [ordered]@{
            '--id' = 'play this item of the queue'
        }
        'add' = [ordered]@{
            '--at' = 'in front of the item with this index; at the end if not given'
        }
        'gain' = [ordered]@{
            '--by' = 'so much louder, or with - in front softer, than it is'
        }
        'eq' = [ordered]@{
            '--type' = 'peak low_shelf high_shelf low_pass high_pass band_pass notch all_pass tilt'
            '--freq' = 'of the band'
            '--gain' = 'of the band'
            '--q' = 'of the band'
            '--slope' = 'of a shelf, up to 1, in place of Q'
            '--order' = 'of a low- or high-pass, 1 to 8, or of an all-pass, 1 or 2'
            '--family' = 'of a low- or high-pass: q butterworth linkwitz_riley'
            '--bypass' = 'of the band: on off left right (that channel alone)'
            '--png' = 'the curve as a picture into a file (- is stdout)'
            '--size' = 'of the picture, in pixels (1200x600)'
            '--format' = 'of the text: apo graphic rew camilladsp (import: seen by itself)'
            '--replace' = 'save in place of the preset of that name'
        }
        'loudness' = [ordered]@{
            '--target' = 'what pieces are brought to, -40 to -5 (-18)'
            '--preamp' = 'on top of it, -24 to 12 (0)'
            '--scan' = 'scan what is played and not known, for the next time (off)'
        }
        'spectrum' = [ordered]@{
            '--rate' = 'frames a second, 1 to 120 (30)'
            '--bands' = '8 to 512 (live: as many as there are columns; else 64)'
            '--fmin' = 'lowest frequency (20)'
            '--fmax' = 'highest frequency (20000)'
            '--tap' = 'source, post_eq or output (output)'
            '--channels' = 'mix, each or mid_side (mix)'
            '--window' = 'hann, blackman_harris or flat_top (hann)'
            '--weighting' = 'a, c or z (z)'
            '--scale' = 'log, linear or third_octave (log)'
            '--smoothing' = 'time constant (live: 40; else 0)'
            '--peak-hold' = 'how long a peak stays marked (live: 1000; else 0)'
            '--count' = 'end after so many frames'
            '--png' = 'a picture into a file (- is stdout) in place of the view'
            '--size' = 'of the picture, in pixels (1200x600)'
        }
        'meter' = [ordered]@{
            '--rate' = 'frames a second, 1 to 120 (live: 30; else 10)'
            '--count' = 'end after so many frames'
        }
        'stats' = [ordered]@{
            '--once' = 'the facts in words, once'
            '--prometheus' = 'the facts in Prometheus'' text format, once'
            '--rate' = 'frames a second, 1 to 120 (4)'
            '--count' = 'end after so many frames'
        }
        'watch' = [ordered]@{
            '--count' = 'end after so many lines'
        }
        'tx' = [ordered]@{
            '--at' = 'next_track, +SECONDS, frame:N or mono:NS; at once if not given'
            '--ramp' = 'of gain and equaliser, where an op names none (20)'
            '--name' = 'to cancel it by'
        }
        'call' = [ordered]@{
            '--timeout' = 'how long to wait for the answer (10)'
        }
        'render' = [ordered]@{
            '--rate' = 'of the file (as the first input)'
            '--gain' = 'of the whole'
            '--eq' = 'equaliser: the params of eq.set, or a preset''s name'
            '--limiter' = 'the limiter at the end, or its ceiling in dBTP (-1)'
            '--format' = 'of the samples (f32)'
            '--dither' = 'of integer samples (auto)'
        }
    }
    # --- written by completion.py: end

    # What was typed before the word under the cursor, without options and the value of --socket.
    $before = @($commandAst.CommandElements | Select-Object -Skip 1 |
            Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
            ForEach-Object { $_.Extent.Text })
    $plain = @()
    for ($i = 0; $i -lt $before.Count; $i++) {
        if ($before[$i] -eq '--socket') { $i++ }
        elseif (-not $before[$i].StartsWith('-')) { $plain += $before[$i] }
    }
    $verb = if ($plain.Count) { $plain[0] } else { $null }

    $offers = [ordered]@{}
    if ($wordToComplete.StartsWith('-')) {
        if ($verb -and $options.ContainsKey($verb)) {
            foreach ($name in $options[$verb].Keys) { $offers[$name] = $options[$verb][$name] }
        }
        foreach ($name in $common.Keys) { $offers[$name] = $common[$name] }
    }
    elseif (-not $verb -or ($verb -eq 'help' -and $plain.Count -eq 1)) {
        $offers = $verbs
    }
    elseif ($plain.Count -eq 1 -and $words.ContainsKey($verb)) {
        foreach ($name in $words[$verb]) { $offers[$name] = "$verb $name" }
    }
    # With nothing to offer PowerShell completes names of files.
    foreach ($name in $offers.Keys) {
        if ($name.StartsWith($wordToComplete, [StringComparison]::OrdinalIgnoreCase)) {
            $kind = if ($name.StartsWith('-')) { 'ParameterName' } else { 'ParameterValue' }
            [System.Management.Automation.CompletionResult]::new($name, $name, $kind, $offers[$name])
        }
    }
}

Register-ArgumentCompleter -Native -CommandName 'chantd', 'chantd.exe' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # Its options are those that the program itself lists.
    $program = $commandAst.CommandElements[0].Extent.Text.Trim('"', "'")
    foreach ($line in & $program --help) {
        if ($line -match '^  (--[a-z-]+)(?:[=\[]\S*)?\s*(.*)$' -and
            $Matches[1].StartsWith($wordToComplete)) {
            $name = $Matches[1]
            $about = if ($Matches[2]) { $Matches[2] } else { $name }
            [System.Management.Automation.CompletionResult]::new($name, $name, 'ParameterName', $about)
        }
    }
}
